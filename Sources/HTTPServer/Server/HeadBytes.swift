import CFlotillaMicroHTTPD

/// What a request's head is as bytes, beside what the library makes of it.
struct HeadBytes {
    /// Of the request line and the fields, with the blank line.
    let size: Int
    /// What the library takes for it of the connection's memory.
    let memory: Int
    /// Whether the library has read it as it was sent: without folded lines, control characters, fields without a name,
    /// and with CR LF at the end of each line.
    let isReadable: Bool
    /// HTTP/1.0.
    let isOld: Bool
    /// Where it begins.
    let address: UInt

    /// To be made in the library's first call about a request, of what that is given.
    ///
    /// - Parameter targetLength: of the request target, before the library has decoded it.
    init(
        _ connection: OpaquePointer,
        _ method: UnsafePointer<CChar>,
        _ url: UnsafePointer<CChar>,
        targetLength: Int,
        _ version: UnsafePointer<CChar>
    ) {
        let head = unsafe fleet_http_read_head(connection, method, url, targetLength, version)
        size = head.size
        memory = head.memory
        isReadable = head.is_readable != 0
        isOld = head.is_old != 0
        address = UInt(bitPattern: method)
    }
}
