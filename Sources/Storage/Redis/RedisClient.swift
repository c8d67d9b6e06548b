/// One connection to Redis, made when it is first needed and made again when it was lost.
///
/// Calls of several tasks travel together. While there is no connection they fail at once with `.unavailable`.
package final class RedisClient: Sendable {
    package init(_ configuration: RedisConfiguration, name: String) {}

    package func command(_ arguments: [RedisArgument]) async throws(RedisError) -> RedisReply {
        throw RedisError(code: .unavailable, operation: "command", detail: "no connection")
    }

    /// Sends the commands together; the answer to each, in order. A command that the server refuses is an
    /// `.error` in its place.
    package func pipeline(_ commands: [[RedisArgument]]) async throws(RedisError) -> [RedisReply] {
        throw RedisError(code: .unavailable, operation: "pipeline", detail: "no connection")
    }

    /// Runs the script by its digest, and by its source when the server doesn't know it (any more).
    package func evaluate(
        _ script: RedisScript,
        keys: [String],
        arguments: [RedisArgument]
    ) async throws(RedisError) -> RedisReply {
        throw RedisError(code: .unavailable, operation: "evaluate", detail: "no connection")
    }

    package func close() async {}
}
