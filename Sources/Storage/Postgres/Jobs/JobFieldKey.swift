import FlotillaModels
import FlotillaPlatform

/// By what a job is found beside its columns: a digest of its type, a path in its payload and the value there.
///
/// `queues.yaml` says which paths of which types (`jobFields`). The value of a text is the text, and that of a number or of
/// true and false is as it is written: `7` finds both `7` and `"7"`.
package enum JobFieldKey {
    package static func of(type: String, path: String, value: String) -> String {
        let text = [type, path, value].map { "\($0.utf8.count):\($0)" }.joined()
        return SHA256.digest(Array(text.utf8)).prefix(16).hexadecimal
    }

    /// One for each path that leads to a single value.
    static func all(of job: NewJob, _ paths: [String]) -> [String] {
        guard let payload = try? JSONValue(job.payload) else { return [] }
        return paths.compactMap { path in
            switch payload.value(at: path.split(separator: ".").map(String.init)) {
            case .string(let text), .number(let text): of(type: job.type, path: path, value: text)
            case .boolean(let flag): of(type: job.type, path: path, value: String(flag))
            case .null, .array, .members, nil: nil
            }
        }
    }
}
