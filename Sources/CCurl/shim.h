#pragma once
#include <curl/curl.h>

// curl_easy_setopt takes arguments of any type, which Swift does not call: here is one function for each.
static inline CURLcode curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode curl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}
typedef size_t (*curl_taker)(char *bytes, size_t size, size_t count, void *context);
static inline CURLcode curl_set_taker(CURL *handle, CURLoption option, curl_taker value) {
    return curl_easy_setopt(handle, option, value);
}
static inline long curl_status(CURL *handle) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}
