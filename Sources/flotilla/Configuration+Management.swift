import FlotillaCommandLineKit
import FlotillaManagement
import FlotillaModules
import FlotillaOperations
import FlotillaMessaging
import FlotillaPlatform

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
}
