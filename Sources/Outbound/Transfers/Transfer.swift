import CFlotillaCurl
import Glibc

/// A transfer under way: libcurl's handle, what it reads from and what it writes to.
///
/// Only the engine's thread touches it; libcurl calls back on that thread.
final class Transfer {
    /// The longest head of an answer, and the most that is kept of what a mail server says.
    private static let headLimit = 64 << 10

    let number: Int
    let server: String
    private var handle: EasyHandle
    private let content: [UInt8]
    private let answerLimit: Int
    private let cutsLongAnswers: Bool
    private let dataReplyTimeout: Duration?
    private let addressCheck: (@Sendable (IPAddress) -> Bool)?
    private let sockets: OpenSockets
    private var sent = 0
    private var headSize = 0
    private var hasOpenedSocket = false
    private var report = TransferReport(code: CURLE_OK)
    private let continuation: CheckedContinuation<TransferReport, Never>

    /// - Throws: when libcurl does not take an option.
    init(
        _ number: Int,
        _ plan: TransferPlan,
        sockets: OpenSockets,
        continuation: CheckedContinuation<TransferReport, Never>
    ) throws(CurlFailure) {
        guard let handle = EasyHandle() else { throw CurlFailure(code: CURLE_FAILED_INIT) }
        self.number = number
        server = plan.server
        self.handle = handle
        if case .mail(_, _, let content) = plan.kind { self.content = content } else { content = [] }
        answerLimit = plan.answerLimit
        cutsLongAnswers = plan.cutsLongAnswers
        dataReplyTimeout = plan.dataReplyTimeout
        addressCheck = plan.addressCheck
        self.sockets = sockets
        self.continuation = continuation
        try self.handle.configure(plan)
        try setCallbacks(isChecked: plan.addressCheck != nil)
    }

    /// The address of libcurl's handle, by which a finished transfer is found.
    var key: UInt { unsafe UInt(bitPattern: handle.pointer) }

    func start(on multi: MultiHandle) throws(CurlFailure) { try multi.add(handle) }

    /// Takes it off the multi handle, and gives its report to who waits for it.
    func finish(_ code: CURLcode, on multi: MultiHandle) {
        report.code = report.isCut ? CURLE_OK : code
        report.status = handle.long(CURLINFO_RESPONSE_CODE)
        // A connection that does not come about is counted no more than one that is there.
        report.reusedConnection = !hasOpenedSocket && handle.long(CURLINFO_PRIMARY_PORT) != 0
        if report.code != CURLE_OK { report.detail = handle.problem ?? CurlFailure(code: code).detail }
        multi.remove(handle)
        continuation.resume(returning: report)
    }

    /// Ends it in the middle; its connection is closed.
    func interrupt(_ reason: OutboundError.Code, on multi: MultiHandle) {
        multi.remove(handle)
        continuation.resume(returning: TransferReport(interruption: reason))
    }

    // The handle is taken off before the transfer goes, so that libcurl never calls back into nothing.
    private func setCallbacks(isChecked: Bool) throws(CurlFailure) {
        let me = unsafe Unmanaged.passUnretained(self).toOpaque()
        let pointer = unsafe handle.pointer
        try handle.check(
            unsafe fleet_curl_set_write(pointer, { unsafe Transfer.from($3)?.takeBody($0, $1 * $2) ?? 0 }, me)
        )
        try handle.check(
            unsafe fleet_curl_set_header(pointer, { unsafe Transfer.from($3)?.takeLine($0, $1 * $2) ?? 0 }, me)
        )
        try handle.check(
            unsafe fleet_curl_set_read(pointer, { unsafe Transfer.from($3)?.giveContent($0, $1 * $2) ?? 0 }, me)
        )
        try handle.check(
            unsafe fleet_curl_set_open_socket(pointer, { unsafe Transfer.from($0)?.openSocket($2) ?? -1 }, me)
        )
        // A connection outlives the transfer that opened it: closing is a matter of the engine's sockets.
        let sockets = unsafe Unmanaged.passUnretained(sockets).toOpaque()
        try handle.check(
            unsafe fleet_curl_set_close_socket(
                pointer,
                { context, descriptor in
                    guard let context = unsafe context else { return Glibc.close(descriptor) }
                    return unsafe Unmanaged<OpenSockets>.fromOpaque(context).takeUnretainedValue().close(descriptor)
                },
                sockets
            )
        )
        guard isChecked else { return }
        try handle.check(
            unsafe fleet_curl_set_before_request(
                pointer,
                { context, address, _, _, _ in
                    unsafe Transfer.from(context)?.allows(address) == true ? 0 : 1
                },
                me
            )
        )
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// Less than was given ends the transfer.
    private func takeBody(_ data: UnsafeMutablePointer<CChar>?, _ length: Int) -> Int {
        let space = answerLimit - report.body.count
        guard length <= space else {
            report.isTooLarge = !cutsLongAnswers
            report.isCut = cutsLongAnswers
            if cutsLongAnswers {
                unsafe report.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: space))
            }
            return 0
        }
        unsafe report.body.append(contentsOf: UnsafeRawBufferPointer(start: data, count: length))
        return length
    }

    private func takeLine(_ data: UnsafeMutablePointer<CChar>?, _ length: Int) -> Int {
        headSize += length
        guard headSize <= Self.headLimit else {
            report.isTooLarge = true
            return 0
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: data, count: length)
        let line = unsafe String(decoding: bytes, as: UTF8.self)
        report.lines.append(String(line.unicodeScalars.filter { $0 != "\r" && $0 != "\n" }))
        return length
    }

    private func giveContent(_ space: UnsafeMutablePointer<CChar>?, _ length: Int) -> Int {
        report.beganContent = true
        let count = min(length, content.count - sent)
        unsafe UnsafeMutableRawBufferPointer(start: space, count: length).copyBytes(from: content[sent..<sent + count])
        sent += count
        report.sentEverything = sent == content.count
        if report.sentEverything, let dataReplyTimeout { try? handle.setReplyTimeout(dataReplyTimeout) }
        return count
    }

    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        hasOpenedSocket = true
        guard let address = unsafe address else { return -1 }
        if let addressCheck {
            let peer = unsafe withUnsafePointer(to: &address.pointee.addr) { unsafe IPAddress($0) }
            guard let peer, addressCheck(peer) else {
                report.refusedAddress = peer ?? .v4(0)
                return -1
            }
        }
        return unsafe sockets.open(address.pointee.family, address.pointee.socktype, address.pointee.protocol)
    }

    /// Asked again before the request: the connection may have been opened for somebody else.
    private func allows(_ address: UnsafeMutablePointer<CChar>?) -> Bool {
        guard let addressCheck, let address = unsafe address else { return false }
        let text = unsafe String(cString: address)
        guard let peer = IPAddress(text), addressCheck(peer) else {
            report.refusedAddress = IPAddress(text) ?? .v4(0)
            return false
        }
        report.refusedAddress = nil
        return true
    }
}
