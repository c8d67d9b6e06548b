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
    /// How many prepared statements a connection keeps.
    package var preparedStatements = 256

    let conninfo: String
    /// The hosts as the URL names them; empty for the default socket, a path for a Unix socket.
    package let hosts: [String]
    /// The URL's `sslmode`, or `nil` when it has none.
    package let sslMode: String?

    /// Takes `postgres://…`, `postgresql://…` or libpq's `key=value` form.
    package init(url: String) throws(PostgresError) {
        var problem: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(url, &problem) else {
            let detail = unsafe problem.map { unsafe String(cString: $0) } ?? "out of memory"
            unsafe PQfreemem(problem)
            throw PostgresError(code: .protocolViolation, operation: "parse DATABASE_URL", detail: detail.trimmed)
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
        conninfo = url
        hosts = (values["host"] ?? values["hostaddr"] ?? "").split(separator: ",").map(String.init)
        sslMode = values["sslmode"]
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
