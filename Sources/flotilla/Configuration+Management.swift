import FlotillaCommandLineKit
import FlotillaManagement
import FlotillaModules
import FlotillaOperations
import FlotillaMessaging
import FlotillaPlatform

extension ManagementAPI {
    /// What makes a virtual host that was deleted.
    nonisolated var virtualHostMaker: @Sendable () async throws -> Bool { { try await self.makeVirtualHost() } }
}

extension Configuration {
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

    /// What the broker can't deliver, by the queue that it was in; `nil` when its HTTP interface is not configured.
    func undelivered() async throws -> [String: Int]? {
        guard let management = try management() else { return nil }
        do {
            let counts = try await management.undelivered()
            await management.close()
            return counts
        } catch {
            await management.close()
            throw error
        }
    }
}
