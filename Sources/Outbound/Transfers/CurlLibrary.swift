import CFlotillaCurl

enum CurlLibrary {
    /// libcurl has to be set up once in a process; a second time is harmless.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
}
