import FlotillaTelemetry
import Workers

/// Keeps the core's endpoints in the database as the settings have them: once at the start, again until that succeeds.
struct CoreEndpointsService: FleetService {
    let core: CoreEndpoints
    let endpoints: WebhookEndpoints
    let log: Log

    func run() async {
        var wait = Duration.milliseconds(100)
        while !Task.isCancelled {
            do {
                for subscription in core.subscriptions {
                    try await endpoints.configure(subscription, secrets: core.secrets)
                }
                return
            } catch {
                log.warning("the core's webhooks can't be set up; trying on", ["problem": .string("\(error)")])
                try? await Task.sleep(for: wait)
                wait = min(wait * 2, .seconds(10))
            }
        }
    }
}
