import FlotillaModels
import CFlotillaCurl

/// Owns one of libcurl's multi handles, which drives many transfers and keeps their connections.
@safe
final class MultiHandle {
    private let pointer: UnsafeMutableRawPointer

    /// - Parameter connections: how many are kept open at most when nobody uses them.
    init(connections: Int) {
        _ = CurlLibrary.isReady
        guard let pointer = unsafe curl_multi_init() else { preconditionFailure("libcurl does not start") }
        unsafe self.pointer = pointer
        unsafe fleet_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, connections)
    }

    /// Ends the protocol on every connection, and closes it.
    deinit { unsafe curl_multi_cleanup(pointer) }

    /// Wakes ``wait(atMost:)`` up, from any thread, for as long as the handle lives.
    var waker: Waker { unsafe Waker(pointer: pointer) }

    func add(_ handle: borrowing EasyHandle) throws(CurlFailure) {
        guard unsafe curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK else {
            throw CurlFailure(code: CURLE_FAILED_INIT)
        }
    }

    func remove(_ handle: borrowing EasyHandle) { unsafe curl_multi_remove_handle(pointer, handle.pointer) }

    /// Does what can be done without waiting.
    func perform() {
        var running: CInt = 0
        unsafe curl_multi_perform(pointer, &running)
    }

    /// Waits until something can be done.
    func wait(atMost limit: Duration) {
        unsafe curl_multi_poll(pointer, nil, 0, CInt(clamping: limit.milliseconds), nil)
    }

    /// The next transfer that has ended, by its easy handle's address, and how.
    func nextFinished() -> (handle: UInt, code: CURLcode)? {
        var left: CInt = 0
        while let message = unsafe curl_multi_info_read(pointer, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            return unsafe (UInt(bitPattern: message.pointee.easy_handle), message.pointee.data.result)
        }
        return nil
    }

    /// Unchecked, because `curl_multi_wakeup` is the one call that libcurl allows from any thread.
    @safe
    struct Waker: @unchecked Sendable {
        fileprivate let pointer: UnsafeMutableRawPointer

        func wake() { unsafe curl_multi_wakeup(pointer) }
    }
}
