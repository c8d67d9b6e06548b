import CFlotillaCurl

/// Owns one of libcurl's easy handles and the lists that it refers to.
@safe
struct EasyHandle: ~Copyable {
    let pointer: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>] = unsafe []
    /// Where libcurl puts an explanation of what failed.
    private let errorText: UnsafeMutablePointer<CChar>

    init?() {
        _ = CurlLibrary.isReady
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe fleet_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText)
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe errorText.deallocate()
        for index in unsafe lists.indices { unsafe curl_slist_free_all(lists[index]) }
    }

    func set(_ option: CURLoption, _ text: String) throws(CurlFailure) {
        try check(unsafe fleet_curl_set_string(pointer, option, text))
    }

    func set(_ option: CURLoption, _ number: Int) throws(CurlFailure) {
        try check(unsafe fleet_curl_set_long(pointer, option, number))
    }

    func setSize(_ option: CURLoption, _ size: Int) throws(CurlFailure) {
        try check(unsafe fleet_curl_set_offset(pointer, option, curl_off_t(size)))
    }

    /// libcurl keeps a copy of the bytes.
    func setBody(_ bytes: [UInt8]) throws(CurlFailure) {
        try setSize(CURLOPT_POSTFIELDSIZE_LARGE, bytes.count)
        let status = unsafe bytes.withUnsafeBytes { buffer in
            unsafe fleet_curl_set_pointer(
                pointer,
                CURLOPT_COPYPOSTFIELDS,
                UnsafeMutableRawPointer(mutating: buffer.baseAddress ?? UnsafeRawPointer(pointer))
            )
        }
        try check(status)
    }

    mutating func set(_ option: CURLoption, _ texts: [String]) throws(CurlFailure) {
        var list: UnsafeMutablePointer<curl_slist>?
        for text in texts {
            guard let longer = unsafe curl_slist_append(list, text) else {
                unsafe curl_slist_free_all(list)
                throw CurlFailure(code: CURLE_OUT_OF_MEMORY)
            }
            unsafe list = longer
        }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        try check(unsafe fleet_curl_set_list(pointer, option, list))
    }

    /// libcurl's own words for what failed.
    var problem: String? {
        let text = unsafe String(cString: errorText)
        return text.isEmpty ? nil : String(text.unicodeScalars.map { $0.isControl ? " " : Character($0) })
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        unsafe fleet_curl_get_long(pointer, info, &value)
        return value
    }

    func check(_ status: CURLcode) throws(CurlFailure) {
        guard status == CURLE_OK else { throw CurlFailure(code: status) }
    }
}
