#pragma once

#include <curl/curl.h>

/* curl_easy_setopt and curl_easy_getinfo are variadic, which Swift can't call. */
static inline CURLcode fleet_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode fleet_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode fleet_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode fleet_curl_set_write(CURL *handle, size_t (*callback)(char *, size_t, size_t, void *),
                                            void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, callback);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_WRITEDATA, context) : status;
}

static inline CURLcode fleet_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode fleet_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

static inline CURLcode fleet_curl_set_header(CURL *handle, size_t (*callback)(char *, size_t, size_t, void *),
                                             void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, callback);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_HEADERDATA, context) : status;
}

static inline CURLcode fleet_curl_set_read(CURL *handle, size_t (*callback)(char *, size_t, size_t, void *),
                                           void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_READFUNCTION, callback);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_READDATA, context) : status;
}

static inline CURLcode fleet_curl_set_open_socket(CURL *handle, curl_opensocket_callback callback, void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, context) : status;
}

static inline CURLcode fleet_curl_set_close_socket(CURL *handle, curl_closesocket_callback callback, void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, callback);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, context) : status;
}

static inline CURLcode fleet_curl_set_before_request(CURL *handle, curl_prereq_callback callback, void *context) {
    CURLcode status = curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, callback);
    return status == CURLE_OK ? curl_easy_setopt(handle, CURLOPT_PREREQDATA, context) : status;
}

static inline CURLMcode fleet_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLcode fleet_curl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
