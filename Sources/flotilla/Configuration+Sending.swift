import CommandLineKit
import Models
import Operations
import Telemetry
import Workers

extension Configuration {
    /// The workers of notifications with their ways out, which whoever asks closes in the end; or all that is wrong with
    /// templates and settings as wrong use.
    func sending(
        _ connections: FleetConnections,
        topology: Topology,
        metrics: Metrics,
        log: Log
    ) throws -> (workers: NotificationWorkers, chains: NotificationChains) {
        let texts = try notificationTexts()
        let settings = try notifications()
        let chains = try NotificationChains(settings, redis: connections.redis, metrics: metrics, log: log)
        let workers = NotificationWorkers(
            connections.postgres,
            topology: topology,
            texts: texts,
            chains: chains,
            smsSender: settings.smsFrom
        )
        return (workers, chains)
    }
}
