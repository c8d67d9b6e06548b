import CFlotillaCurl

/// One request, on the calling thread. Redirects are not followed.
struct HTTPCall {
    enum Action {
        case get
        /// JSON that is put there.
        case put(String)
        case delete
    }

    struct Answer {
        var status: Int
        var body: [UInt8]
    }

    struct Failure: Error {
        var code: UInt32
        var detail: String
    }

    /// Bodies above this end the request.
    static let largestBody = 256 << 20

    var url: String
    var user: String?
    var password: String?
    var action: Action = .get

    func perform() throws(Failure) -> Answer {
        _ = Self.library
        guard let handle = unsafe curl_easy_init() else { throw Failure(code: 2, detail: "libcurl does not start") }
        defer { unsafe curl_easy_cleanup(handle) }
        let collector = BodyCollector(limit: Self.largestBody)
        let context = unsafe Unmanaged.passRetained(collector)
        defer { unsafe context.release() }
        try unsafe configure(handle)
        let write: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = {
            unsafe BodyCollector.receive($0, $1, $2, $3)
        }
        try unsafe check(fleet_curl_set_write(handle, write, context.toOpaque()))
        try unsafe check(curl_easy_perform(handle))
        var status = 0
        try unsafe check(fleet_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status))
        return Answer(status: status, body: collector.bytes)
    }

    private func configure(_ handle: UnsafeMutableRawPointer) throws(Failure) {
        try unsafe check(fleet_curl_set_string(handle, CURLOPT_URL, url))
        if let user { try unsafe check(fleet_curl_set_string(handle, CURLOPT_USERNAME, user)) }
        if let password { try unsafe check(fleet_curl_set_string(handle, CURLOPT_PASSWORD, password)) }
        switch action {
        case .get: break
        case .put(let json):
            try unsafe check(fleet_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, "PUT"))
            try unsafe check(fleet_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, json))
        case .delete: try unsafe check(fleet_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, "DELETE"))
        }
        try unsafe check(fleet_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https"))
        try unsafe check(fleet_curl_set_long(handle, CURLOPT_NOSIGNAL, 1))
        try unsafe check(fleet_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, 5_000))
        try unsafe check(fleet_curl_set_long(handle, CURLOPT_TIMEOUT_MS, 30_000))
        try unsafe check(fleet_curl_set_long(handle, CURLOPT_SSLVERSION, 6))
    }

    private func check(_ status: CURLcode) throws(Failure) {
        guard status != CURLE_OK else { return }
        throw Failure(code: status.rawValue, detail: unsafe String(cString: curl_easy_strerror(status)))
    }

    /// libcurl has to be set up once in a process.
    private static let library = curl_global_init(3)
}

/// Takes the body as it comes. Used by one request on one thread.
private final class BodyCollector {
    private let limit: Int
    private(set) var bytes: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// Returns how much it took; less than was given ends the request.
    static func receive(
        _ data: UnsafeMutablePointer<CChar>?,
        _ size: Int,
        _ count: Int,
        _ context: UnsafeMutableRawPointer?
    ) -> Int {
        guard let data = unsafe data, let context = unsafe context else { return 0 }
        let collector = unsafe Unmanaged<BodyCollector>.fromOpaque(context).takeUnretainedValue()
        let length = size * count
        guard collector.bytes.count + length <= collector.limit else { return 0 }
        unsafe collector.bytes.append(contentsOf: UnsafeRawBufferPointer(start: data, count: length))
        return length
    }
}
