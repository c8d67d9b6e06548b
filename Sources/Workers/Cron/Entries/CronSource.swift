/// Who has declared a cron entry.
package enum CronSource: String, Sendable, Hashable {
    /// The section `cron` of `queues.yaml`, which alone changes it.
    case file
    case api
}
