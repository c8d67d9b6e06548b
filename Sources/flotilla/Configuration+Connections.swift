import CommandLineKit
import Glibc
import Messaging
import Models
import Operations
import Platform
import Storage
import Workers

extension Configuration {
    func postgres() throws(CommandError) -> PostgresConfiguration {
        let url = try require(Settings.database).revealed
        do throws(PostgresError) {
            return try PostgresConfiguration(url: url)
        } catch {
            throw CommandError("DATABASE_URL: \(error.detail)", status: .wrongUse)
        }
    }

    func rabbitMQ() throws(CommandError) -> RabbitMQConfiguration {
        let url = try require(Settings.rabbitMQ).revealed
        do throws(AMQPError) {
            return try RabbitMQConfiguration(url: url)
        } catch {
            throw CommandError("RABBITMQ_URL: \(error.detail)", status: .wrongUse)
        }
    }

    /// `nil` when the broker's HTTP interface is not configured.
    func management() throws(CommandError) -> ManagementAPI? {
        guard let url = self[Settings.rabbitMQManagement]?.revealed else { return nil }
        let broker = try rabbitMQ()
        do throws(ManagementError) {
            return try ManagementAPI(
                url: url,
                virtualHost: broker.virtualHost,
                credentials: .init(user: broker.user, password: broker.password.revealed)
            )
        } catch {
            throw CommandError("RABBITMQ_MANAGEMENT_URL: \(error.detail)", status: .wrongUse)
        }
    }

    /// `nil` when there is no Redis.
    func redis() throws(CommandError) -> RedisConfiguration? {
        guard let url = self[Settings.redis]?.revealed else { return nil }
        do throws(RedisError) {
            return try RedisConfiguration(url: url)
        } catch {
            throw CommandError("REDIS_URL: \(error.detail)", status: .wrongUse)
        }
    }

    /// Where profiles are indexed and searched; to be closed in the end.
    func searchBackend() throws(CommandError) -> SearchBackend {
        guard let text = self[Settings.searchEngine]?.revealed else { return .postgres }
        let name = self[Settings.searchIndex]
        let isName = name.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || "-_".utf8.contains(byte)
        }
        guard isName, (1...200).contains(name.utf8.count), name.utf8.first != UInt8(ascii: "-"),
            name.utf8.first != UInt8(ascii: "_")
        else {
            throw CommandError(
                "FLOTILLA_SEARCH_INDEX has to be of small letters, digits, - and _, and to begin with a letter or digit",
                status: .wrongUse
            )
        }
        guard let url = ServerURL(text) else {
            throw CommandError("FLOTILLA_SEARCH_URL has to be a URL such as https://host:9200", status: .wrongUse)
        }
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        return .elasticsearch(
            ElasticsearchConfiguration(
                url: "\(url.scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")\(path)",
                user: url.user,
                password: url.password.map { Secret($0) },
                apiKey: self[Settings.searchKey],
                prefix: name
            )
        )
    }

    /// The queue file, or every mistake in it as wrong use.
    func topology() throws(CommandError) -> Topology {
        do throws(TopologyMistakes) {
            return try TopologyFile.load(from: self[Settings.queues])
        } catch {
            throw CommandError("\(error)", status: .wrongUse)
        }
    }

    /// The plan file, or every mistake in it as wrong use; `nil` when none is named and none is in its usual place.
    func plans() throws(CommandError) -> [Plan]? {
        let path = self[Settings.plans]
        if source(of: Settings.plans) == .standard, unsafe access(path, F_OK) != 0 { return nil }
        do throws(PlanMistakes) {
            return try PlanFile.load(from: path)
        } catch {
            throw CommandError("\(error)", status: .wrongUse)
        }
    }

    /// Lends a pool to a command, and closes it however the command ends.
    func withPostgres<R: Sendable>(_ body: (PostgresPool) async throws -> R) async throws -> R {
        let pool = PostgresPool(try postgres(), size: 1, name: "flotilla command")
        let result: Result<R, any Error>
        do {
            result = .success(try await body(pool))
        } catch let error as PostgresError {
            result = .failure(Self.commandError(error))
        } catch { result = .failure(error) }
        await pool.close()
        return try result.get()
    }

    private static func commandError(_ error: PostgresError) -> CommandError {
        switch error.code {
        case .sqlState("42P01"): CommandError("the database has no tables yet", remedy: "run flotilla migrate")
        case _ where error.isOutage: CommandError("Postgres: \(error.detail)", remedy: "see flotilla services status")
        default: CommandError("Postgres: \(error)")
        }
    }
}
