import CFlotillaPostgres

/// Where Postgres is and how its sessions are set up. Its URL holds a password: it can't be printed.
package struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    /// What `pg_stat_activity` shows, unless the URL names the application.
    package var applicationName = "flotilla"
    /// How long the server works on one statement; the client gives up on the server a while after that.
    package var statementTimeout: Duration = .seconds(30)
    /// How long a transaction may stand idle before the server ends its session.
    package var idleInTransactionTimeout: Duration = .seconds(60)
    package var connectTimeout: Duration = .seconds(5)
    /// How long a server may be silent before another session asks what it is doing.
    package var silenceTimeout: Duration = .seconds(10)
    /// How long the server may take to answer that question, and then to give up a cancelled statement.
    package var cancelTimeout: Duration = .seconds(2)
    /// How many prepared statements a connection keeps.
    package var preparedStatements = 256

    package let pooler: PostgresPooler
    /// The variable that the URL comes from, for messages.
    private(set) var urlName = "DATABASE_URL"
    /// Where a session is to be had that is nobody else's, when the URL leads to a pooler.
    private let directURL: String?

    let conninfo: String
    /// What must not be in a message. Short ones, and those that are a name in the URL as well, would make messages
    /// unreadable and are none.
    private let secrets: [String]
    /// The hosts as the URL names them; empty for the default socket, a path for a Unix socket.
    package let hosts: [String]
    /// The URL's `sslmode`, or `nil` when it has none.
    package let sslMode: String?

    /// Takes `postgres://…`, `postgresql://…` or libpq's `key=value` form.
    ///
    /// - Parameters:
    ///   - pooler: what the URL leads to.
    ///   - directURL: leads past a pooler, for migrations and notifications.
    package init(
        url: String,
        pooler: PostgresPooler = .none,
        directURL: String? = nil
    ) throws(PostgresError) {
        let values = try Self.options(of: url, named: "DATABASE_URL")
        if let directURL { _ = try Self.options(of: directURL, named: "DATABASE_DIRECT_URL") }
        self.pooler = pooler
        self.directURL = directURL
        conninfo = url
        hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",").map(String.init)
        sslMode = values["sslmode"]
        let isSecret = { (name: String) in name == "password" || name == "sslpassword" }
        let names = Set(values.filter { !isSecret($0.key) }.values)
        secrets = values.filter { isSecret($0.key) && $0.value.count >= 4 && !names.contains($0.value) }.map(\.value)
    }

    /// For what needs a session of its own; `nil` when there is only a pooler that lends none.
    package var withOwnSessions: PostgresConfiguration? {
        guard let directURL else { return pooler == .none ? self : nil }
        guard var direct = try? PostgresConfiguration(url: directURL) else { return nil }
        direct.urlName = "DATABASE_DIRECT_URL"
        direct.applicationName = applicationName
        direct.statementTimeout = statementTimeout
        direct.idleInTransactionTimeout = idleInTransactionTimeout
        direct.connectTimeout = connectTimeout
        direct.silenceTimeout = silenceTimeout
        direct.cancelTimeout = cancelTimeout
        direct.preparedStatements = preparedStatements
        return direct
    }

    /// For requests whose clients wait: that a server is silent is noticed within two seconds.
    package var forRequests: PostgresConfiguration {
        var own = self
        own.silenceTimeout = .milliseconds(800)
        own.cancelTimeout = .milliseconds(800)
        own.connectTimeout = .milliseconds(1_500)
        return own
    }

    private static func options(of url: String, named name: String) throws(PostgresError) -> [String: String] {
        var problem: UnsafeMutablePointer<CChar>?
        let parsed = unsafe isUnambiguous(url) ? PQconninfoParse(url, &problem) : nil
        guard let options = unsafe parsed else {
            // What libpq says of it quotes the part that it can't read: of a password, most likely.
            unsafe PQfreemem(problem)
            throw PostgresError(
                code: .protocolViolation,
                operation: "parse \(name)",
                detail: "it can't be read; / ? # @ % in a user or password are written %2F %3F %23 %40 %25"
            )
        }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe values[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        return values
    }

    /// Whether everybody takes the same part of a URL for the password: libpq ends it at the first `@`, others at the
    /// last, and a `/` before it ends the host. What libpq takes for a host or a port it shows.
    private static func isUnambiguous(_ url: String) -> Bool {
        guard let mark = url.firstRange(of: "://"), url.hasPrefix("postgres") else { return true }
        let rest = url[mark.upperBound...]
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        return rest[..<end].count { $0 == "@" } <= 1 && !rest[end...].contains("@")
    }

    /// libpq's text about a connection, without the passwords of the URL.
    func withoutSecrets(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "…") }
    }

    package var description: String {
        "postgres at \(hosts.isEmpty ? "the local socket" : hosts.joined(separator: ","))"
    }
    package var customMirror: Mirror { Mirror(self, children: ["hosts": hosts]) }
}

extension String {
    /// The text of a libpq message, on one line without its final newline.
    var trimmed: String {
        split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
