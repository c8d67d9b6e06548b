import FlotillaModules

/// The secrets that webhooks are signed with, as the database holds them.
struct SealedWebhookSecrets: SealedSecrets {
    let title = "webhooks"
    let member = "webhooks"
    private let endpoints: WebhookEndpoints

    init(_ endpoints: WebhookEndpoints) { self.endpoints = endpoints }

    func sealAnew(progress: (Int) -> Void) async throws -> Int { try await endpoints.sealAnew() }
}
