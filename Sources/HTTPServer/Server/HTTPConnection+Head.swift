import CFlotillaLinux
import FlotillaHTTPRouting

/// What the head of a request says.
extension HTTPConnection {
    func request(_ method: String, _ target: String) -> HTTPRequest {
        var request = HTTPRequest(method: method, target: target, headers: handle.headers())
        let proxies = server.configuration.trustedAddresses
        let origin = ForwardedOrigin(peer: address, headers: request.headers, proxies: proxies)
        request.client = origin.address
        request.isEncrypted = origin.isEncrypted
        return request
    }

    func note(_ head: HeadBytes, of request: HTTPRequest, _ state: inout State) {
        state.memory = min(state.memory, head.address)
        // Blank lines before a request belong to it.
        state.bytesBefore += Int64(head.address - state.memory) + Int64(head.size)
        state.isTight = head.memory - head.size > RequestHead.roomyMemory
        state.isHead = request.method == "HEAD"
        state.isChunked = request.headers["Transfer-Encoding"] != nil
        state.bytesSeen = state.bytesBefore
    }

    /// What the head alone says about a request.
    func verdict(on request: HTTPRequest, _ head: HeadBytes, _ state: inout State) -> HeadVerdict {
        let configuration = server.configuration
        do throws(APIError) {
            try RequestHead.check(head, target: state.target, limit: configuration.headLimit)
            state.bodyLimit = server.bodyLimit(of: request)
            let hasBody = try RequestHead.check(request.headers, isOld: head.isOld, bodyLimit: state.bodyLimit)
            return hasBody ? server.admission(request) : .accepted
        } catch {
            // The head can't be trusted to say how the answer is to be written.
            if !head.isReadable { return .refused(server.refusal(error)) }
            return .refused(server.refusal(error, to: request))
        }
    }
}
