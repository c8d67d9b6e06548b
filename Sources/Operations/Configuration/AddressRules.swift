/// Which server addresses are acceptable: known schemes, and nothing readable on its way to another machine.
struct AddressRules {
    let allowedPlaintextHosts: [String]

    func problems(in texts: [String: String]) -> [String] {
        check(texts, Settings.rabbitMQ.name, ["amqp", "amqps"]) { $0.scheme == "amqps" }
            + check(texts, Settings.rabbitMQManagement.name, ["http", "https"]) { $0.scheme == "https" }
            + check(texts, Settings.database.name, ["postgres", "postgresql"]) {
                ["verify-full", "verify-ca", "require"].contains($0.query["sslmode"])
            }
            + check(texts, Settings.redis.name, ["redis", "unix", "redis+unix"]) { _ in false }
            + check(texts, Settings.smtp.name, ["smtp", "smtps"]) { $0.scheme == "smtps" || $0.query["tls"] != "none" }
            + check(texts, Settings.mailAPI.name, ["http", "https"]) { $0.scheme == "https" }
            + check(texts, Settings.searchEngine.name, ["http", "https"]) { $0.scheme == "https" }
            + check(texts, Settings.smsAPI.name, ["http", "https"]) { $0.scheme == "https" }
            + check(texts, Settings.ticketStore.name, ["http", "https"]) { $0.scheme == "https" }
    }

    private func check(
        _ texts: [String: String],
        _ name: String,
        _ schemes: [String],
        isEncrypted: (ServerURL) -> Bool
    ) -> [String] {
        guard let text = texts[name] else { return [] }
        // The text itself may hold a password and is never repeated.
        guard let url = ServerURL(text) else { return ["\(name) has to be a URL such as \(schemes[0])://host"] }
        guard schemes.contains(url.scheme) else {
            let tls = url.scheme == "rediss" ? " (this Redis client has no TLS: use a tunnel)" : ""
            return ["\(name) has to begin with \(schemes.map { $0 + "://" }.joined(separator: " or "))\(tls)"]
        }
        guard !isEncrypted(url) else { return [] }
        return url.remoteHosts.filter { !allowedPlaintextHosts.contains($0) }.map { host in
            "\(name) would send passwords unencrypted to \(host): \(remedy(for: url.scheme)), "
                + "or allow it with FLOTILLA_ALLOW_PLAINTEXT=\(host)"
        }
    }

    private func remedy(for scheme: String) -> String {
        switch scheme {
        case "amqp": "use amqps://"
        case "http": "use https://"
        case "smtp": "leave tls=none out"
        case "postgres", "postgresql": "add sslmode=verify-full"
        default: "use a tunnel"
        }
    }
}
