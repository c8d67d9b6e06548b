package import FlotillaCommandLineKit
import FlotillaOperations
import FlotillaOutbound

extension Configuration {
    /// The core, or everything that is wrong with its settings as wrong use; `nil` when there is none.
    package func coreEndpoints() throws(CommandError) -> CoreEndpoints? {
        guard let url = self[Settings.core] else { return nil }
        guard let secret = self[Settings.coreSecret] else {
            throw CommandError(
                "FLOTILLA_CORE_SECRET is missing: webhooks to FLOTILLA_CORE_URL are signed with it",
                status: .wrongUse
            )
        }
        do {
            return try CoreEndpoints(url: url, secrets: secret)
        } catch let error as FieldError {
            throw CommandError("FLOTILLA_CORE_URL \(error.problem)", status: .wrongUse)
        } catch let error as WebhookError {
            throw CommandError("FLOTILLA_CORE_SECRET \(error.detail)", status: .wrongUse)
        } catch {
            throw CommandError("FLOTILLA_CORE_URL: \(error)", status: .wrongUse)
        }
    }

    /// Which endpoints may be called. The core may be anywhere, since the settings themselves name it.
    package func webhookAccess() throws(CommandError) -> WebhookAccess {
        var allowed: [String] = []
        let name = Settings.webhookPrivate.name
        if self[Settings.webhookPrivate]?.words.contains(where: { $0.contains("@") }) == true {
            throw CommandError("\(name) has an @: write host:port, without a user and a password", status: .wrongUse)
        }
        for word in self[Settings.webhookPrivate]?.words ?? [] {
            do throws(FieldError) {
                let url = try EndpointURL("http://\(word)")
                guard url.target == "/", word.lowercased().hasSuffix(":\(url.port)") else {
                    throw FieldError("", "is no host with a port")
                }
                allowed.append(url.authority)
            } catch {
                throw CommandError(
                    "\(name): “\(word)” \(error.problem); write host:port, such as 10.0.0.7:3001",
                    status: .wrongUse
                )
            }
        }
        if let core = try coreEndpoints() { allowed.append(core.authority) }
        return WebhookAccess(allowed: allowed, plaintextHosts: self[Settings.allowPlaintext]?.words ?? [])
    }
}
