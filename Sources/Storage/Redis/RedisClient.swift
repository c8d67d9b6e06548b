import Synchronization

/// One connection to Redis, made when it is first needed and made again when it was lost.
///
/// Calls of several tasks that meet travel together. While there is no connection they fail at once with
/// `.unavailable`.
package final class RedisClient: Sendable {
    private struct Call {
        let commands: [[RedisArgument]]
        let continuation: CheckedContinuation<Result<[RedisReply], RedisError>, Never>
    }

    private struct Queue {
        var calls: [Call] = []
        var isSending = false
        var isClosed = false
    }

    private let connection: RedisConnection
    private let queue = Mutex(Queue())

    package init(_ configuration: RedisConfiguration, name: String) {
        connection = RedisConnection(configuration, name: name)
    }

    /// Sends one command.
    ///
    /// - Throws: with code `.server` when the server refuses it.
    package func command(_ arguments: [RedisArgument]) async throws(RedisError) -> RedisReply {
        let replies = try await pipeline([arguments])
        return try Self.checked(replies[0], arguments.first)
    }

    /// Sends the commands together; the answer to each, in order. A command that the server refuses is an
    /// `.error` in its place.
    package func pipeline(_ commands: [[RedisArgument]]) async throws(RedisError) -> [RedisReply] {
        guard !commands.isEmpty else { return [] }
        let result = await withCheckedContinuation { continuation in
            let mustSend = queue.withLock { queue -> Bool? in
                guard !queue.isClosed else { return nil }
                queue.calls.append(Call(commands: commands, continuation: continuation))
                defer { queue.isSending = true }
                return !queue.isSending
            }
            switch mustSend {
            case nil: continuation.resume(returning: .failure(.unavailable("command", "the client is closed")))
            case true?: Task { await self.send() }
            case false?: break
            }
        }
        return try result.get()
    }

    /// Runs the script by its digest, and by its source when the server doesn't know it (any more).
    package func evaluate(
        _ script: RedisScript,
        keys: [String],
        arguments: [RedisArgument]
    ) async throws(RedisError) -> RedisReply {
        let replies = try await evaluate(script, calls: [(keys, arguments)])
        return try Self.checked(replies[0], "EVALSHA")
    }

    /// Runs the script several times in one round trip; a refused call is an `.error` in its place.
    package func evaluate(
        _ script: RedisScript,
        calls: [(keys: [String], arguments: [RedisArgument])]
    ) async throws(RedisError) -> [RedisReply] {
        func command(_ name: RedisArgument, _ text: String, _ index: Int) -> [RedisArgument] {
            [name, .text(text), .int(Int64(calls[index].keys.count))] + calls[index].keys.map { .text($0) }
                + calls[index].arguments
        }
        var replies = try await pipeline(calls.indices.map { command("EVALSHA", script.digest, $0) })
        let unknown = replies.indices.filter { replies[$0].isUnknownScript }
        guard !unknown.isEmpty else { return replies }
        let again = try await pipeline(unknown.map { command("EVAL", script.source, $0) })
        for (index, reply) in zip(unknown, again) { replies[index] = reply }
        return replies
    }

    /// Makes a round trip; returns how long it took.
    package func ping() async throws(RedisError) -> Duration {
        let start = ContinuousClock.now
        _ = try await command(["PING"])
        return .now - start
    }

    /// Answers what is under way, then closes the connection; later calls fail.
    package func close() async {
        queue.withLock { $0.isClosed = true }
        await connection.close()
    }

    /// Sends all calls that have come in the meantime together, until none is left.
    private func send() async {
        while true {
            let calls = queue.withLock { queue in
                defer { queue.calls.removeAll() }
                queue.isSending = !queue.calls.isEmpty
                return queue.calls
            }
            guard !calls.isEmpty else { return }
            switch await connection.answers(to: calls.flatMap(\.commands)) {
            case .failure(let error): for call in calls { call.continuation.resume(returning: .failure(error)) }
            case .success(let replies):
                var start = 0
                for call in calls {
                    let end = start + call.commands.count
                    call.continuation.resume(returning: .success(Array(replies[start..<end])))
                    start = end
                }
            }
        }
    }

    private static func checked(_ reply: RedisReply, _ command: RedisArgument?) throws(RedisError) -> RedisReply {
        guard case .error(let text) = reply else { return reply }
        let operation = if case .text(let name)? = command { name } else { "command" }
        let word = text.split(separator: " ").first.map(String.init) ?? "ERR"
        throw RedisError(code: .server(word), operation: operation, detail: text)
    }
}

extension RedisReply {
    fileprivate var isUnknownScript: Bool {
        if case .error(let text) = self { text.hasPrefix("NOSCRIPT") } else { false }
    }
}

extension RedisConnection {
    fileprivate func answers(to commands: [[RedisArgument]]) -> Result<[RedisReply], RedisError> {
        do { return .success(try execute(commands)) } catch { return .failure(error) }
    }
}
