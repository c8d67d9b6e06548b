import FlotillaHTTPRouting
import Synchronization

/// Answers that are sent piece by piece.
extension HTTPConnection {
    /// The answer, or a refusal when it is a stream and there are as many as there may be.
    func admitted(_ response: HTTPResponse, to request: HTTPRequest, _ state: inout State) -> HTTPResponse {
        guard response.stream != nil, !state.isHead else { return response }
        guard server.takeStream() else {
            server.configuration.onRefusal(.streams)
            return server.refusal(.tooManyStreams, to: request)
        }
        state.isStream = true
        return response
    }

    /// Makes what sends the answer when it is a stream, and there is a body. The answer to HEAD is empty: the library would
    /// send the end of a body in chunks after its head.
    func stream(_ response: HTTPResponse, _ state: inout State) -> Bool {
        guard let stream = response.stream, !state.isHead else { return false }
        // A stream is no request that a stop waits for.
        if state.isCounted { server.requestEnded() }
        state.isCounted = false
        let handle = handle
        state.streamed = StreamedAnswer(
            stream,
            limit: server.configuration.streamBuffer,
            suspend: { handle.suspend() },
            resume: { handle.resume() }
        )
        return true
    }

    /// Ends the stream that the connection sends, if there is one.
    func endStream() {
        state.withLock(\.streamed)?.end()
    }

    /// The library has done with the answer.
    func endStream(_ ended: State) {
        ended.streamed?.close()
        if ended.isStream { server.giveBackStream() }
    }
}
