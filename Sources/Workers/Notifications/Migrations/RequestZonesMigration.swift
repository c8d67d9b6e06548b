/// The zone that a request names, in which times without an offset among its data are written.
enum RequestZonesMigration {
    static let sql = "ALTER TABLE notification_requests ADD COLUMN time_zone text;"
}
