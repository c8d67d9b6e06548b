package import FlotillaOutbound
import FlotillaPlatform
package import FlotillaTelemetry
import Synchronization

/// Keys that an issuer publishes: read when they are first needed, now and then, and when a token names one that is not
/// among them. While they can't be read, the last ones stay, for ``longestTrust``.
package final class RemoteKeySet: TokenKeySource {
    package typealias Load = @Sendable () async throws -> [UInt8]

    private struct State {
        var keys: TokenKeySet?
        var readAt: ContinuousClock.Instant?
        var triedAt: ContinuousClock.Instant?
        var isFailing = false
        var problem = ""
        var reading: Task<Void, Never>?
    }

    /// At most so often they are read for the sake of a key that is not known.
    package static let interval = Duration.seconds(60)
    /// And so often while there are none yet.
    package static let firstInterval = Duration.seconds(5)
    /// Older ones are read anew, beside what goes on: a key that the issuer has withdrawn ends by it.
    package static let freshness = Duration.seconds(600)
    /// So long keys are trusted while the issuer can't be reached, as API keys are without Postgres: one of them may have been
    /// withdrawn meanwhile.
    package static let longestTrust = Duration.seconds(3_600)
    /// In bytes.
    package static let longest = 256 << 10

    private let load: Load
    private let log: Log
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameter load: reads the set's text.
    package init(
        log: Log,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        _ load: @escaping Load
    ) {
        self.load = load
        self.log = log
        self.now = now
    }

    package func key(_ name: String?) async throws(TokenKeysUnavailable) -> TokenKey? {
        let (found, reading) = state.withLock { state in look(for: name, in: &state) }
        if let found { return found }
        await reading?.value
        let (key, problem) = state.withLock { state in
            (state.keys?.key(name), state.isFailing || state.keys == nil ? state.problem : nil)
        }
        if let key { return key }
        if let problem { throw TokenKeysUnavailable(reason: problem) }
        return nil
    }

    package func knownKey(_ name: String?) -> TokenKey? { state.withLock { $0.keys?.key(name) } }

    /// The key, or what to wait for before it is looked for again.
    private func look(for name: String?, in state: inout State) -> (TokenKey?, Task<Void, Never>?) {
        let now = now()
        if let readAt = state.readAt, now - readAt >= Self.longestTrust { state.keys = nil }
        let interval = state.keys == nil ? Self.firstInterval : Self.interval
        let isDue = state.reading == nil && state.triedAt.map { now - $0 >= interval } ?? true
        let key = state.keys?.key(name)
        let isOld = state.readAt.map { now - $0 >= Self.freshness } ?? true
        if isDue, key == nil || isOld {
            state.triedAt = now
            state.reading = Task { await self.read() }
        }
        return (key, key == nil ? state.reading : nil)
    }

    private func read() async {
        let result: Result<TokenKeySet, any Error>
        do {
            result = .success(try TokenKeySet(jsonWebKeys: try await load(), from: .network))
        } catch { result = .failure(error) }
        let wasFailing = state.withLock { state in
            let wasFailing = state.isFailing
            state.reading = nil
            switch result {
            case .success(let keys):
                (state.keys, state.readAt, state.isFailing) = (keys, now(), false)
            case .failure(let error):
                (state.isFailing, state.problem) = (true, "\(error)")
            }
            return wasFailing
        }
        switch result {
        case .failure(let error):
            if !wasFailing { log.warning("the keys of tokens can't be read", ["reason": .string("\(error)")]) }
        case .success(let keys):
            if wasFailing { log.info("the keys of tokens are read again", ["keys": .integer(keys.names.count)]) }
        }
    }

    /// Reads from an address, which no answer can change: a redirect is an answer like others, and refused.
    package static func load(_ url: String, by http: HTTPClient) -> Load {
        {
            let answer = try await http.send(
                HTTPRequest(
                    "GET",
                    url,
                    headers: [.init("Accept", "application/jwk-set+json, application/json")],
                    timeout: .seconds(5),
                    answerLimit: longest
                )
            )
            guard answer.status == 200 else { throw TokenKeysUnavailable(reason: "status \(answer.status)") }
            return answer.body
        }
    }
}
