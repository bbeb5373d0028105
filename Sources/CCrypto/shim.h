#pragma once
// SHA-256 by itself is deprecated in favour of EVP, which allocates a context for each digest. It is the same code
// behind both, and here the state is a value: a copy goes on from where it was taken.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>
