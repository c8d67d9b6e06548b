import CFlotillaCurl

/// A call of libcurl that failed.
struct CurlFailure: Error {
    let code: CURLcode

    var detail: String { unsafe String(cString: curl_easy_strerror(code)) }
}
