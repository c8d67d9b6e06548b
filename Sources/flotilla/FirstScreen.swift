/// What `flotilla up` shows once everything runs: where it is, and lines to copy. Of its own it is never wider than 80
/// columns.
struct FirstScreen {
    private static let width = 80

    let port: Int
    let broker: String
    let logs: String
    let workers: [String]
    /// How this program was called.
    let command: String
    /// Nil where other commands find the home by themselves.
    let home: String?

    var text: String {
        let address = "http://127.0.0.1:\(port)"
        var lines = ["", "Workers   " + names]
        lines.append("API       \(address)/api/v1  (try /health/ready)")
        lines.append("Metrics   \(address)/metrics  (of the API and the workers)")
        lines += ["RabbitMQ  \(broker)", "Logs      \(logs)", "", "Next, in another terminal:", ""]
        if let home { lines.append("  export FLOTILLA_HOME=\(home)") }
        lines.append("  \(command) demo")
        lines += broken("  \(command)", #"publish profile.viewed --body '{"companyId":"c-1"}'"#)
        lines += ["", "Ctrl-C drains and stops all of it.", ""]
        return lines.joined(separator: "\n")
    }

    /// Over as many lines as it takes.
    private var names: String {
        var lines = [""]
        for (index, name) in workers.enumerated() {
            let word = name + (index < workers.count - 1 ? ", " : "")
            if lines[lines.count - 1].count + word.count > Self.width - 10 { lines.append("") }
            lines[lines.count - 1] += word
        }
        return lines.joined(separator: "\n          ")
    }

    /// A command in one line, or in two that can be copied alike.
    private func broken(_ start: String, _ end: String) -> [String] {
        "\(start) \(end)".count <= Self.width ? ["\(start) \(end)"] : ["\(start) \\", "    \(end)"]
    }
}
