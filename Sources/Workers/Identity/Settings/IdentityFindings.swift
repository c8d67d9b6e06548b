import FlotillaOperations
import FlotillaOutbound
import FlotillaTelemetry

/// What `flotilla doctor` says of tokens and of the auth service.
struct IdentityFindings {
    private let configuration: Configuration

    init(_ configuration: Configuration) { self.configuration = configuration }

    /// Nothing where neither is configured, and nothing of mistakes, which are reported apart.
    func all() async -> [DoctorFinding] {
        let engine = TransferEngine(name: "doctor auth service")
        let http = HTTPClient(engine, connectTimeout: .seconds(3))
        var findings: [DoctorFinding] = []
        if let tokens = (try? configuration.tokenSettings()) ?? nil { findings.append(await keys(tokens, http)) }
        if let service = (try? configuration.authServiceSettings()) ?? nil {
            let client = AuthServiceClient(service, http, log: Log(service: "doctor", descriptor: -1))
            findings.append(
                await client.isReachable()
                    ? DoctorFinding("auth service", .good, "answers")
                    : DoctorFinding(
                        "auth service",
                        .bad,
                        "there is no answer from \(service.url)",
                        remedy: "check AUTH_SERVICE_URL; until it answers, its tokens are refused with 503"
                    )
            )
        }
        await engine.close()
        return findings
    }

    private func keys(_ tokens: TokenSettings, _ http: HTTPClient) async -> DoctorFinding {
        let issuer = "those of \(tokens.rules.issuer) for \(tokens.rules.audience) are taken"
        guard case .url(let url)? = tokens.keys else { return DoctorFinding("tokens", .good, issuer) }
        do {
            let keys = try TokenKeySet(jsonWebKeys: try await RemoteKeySet.load(url, by: http)(), from: .network)
            return DoctorFinding("tokens", .good, "\(issuer), by \(keys.names.count) published keys")
        } catch {
            return DoctorFinding(
                "tokens",
                .bad,
                "the keys at \(url) can't be used: \(error)",
                remedy: "check FLOTILLA_JWKS"
            )
        }
    }
}
