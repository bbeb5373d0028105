import Testing

@testable import Files

/// The examples of Amazon's own documentation of S3.
@Suite struct SignatureTests {
    private let signature = Signature(
        keyID: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region: "us-east-1")
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func sign(
        _ method: String, _ path: String, _ query: [(name: String, value: String)] = [],
        _ headers: [(name: String, value: String)] = [], payload: String = empty
    ) -> String {
        let always: [(name: String, value: String)] = [
            ("host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", payload),
            ("x-amz-date", "20130524T000000Z"),
        ]
        let request = Signature.Request(
            method: method, path: Signature.path(path), query: query, headers: always + headers, payload: payload)
        let text = signature.authorization(request, at: "20130524T000000Z")
        return String(text.suffix(64))
    }

    @Test func `requests are signed as Amazon signs them`() {
        #expect(
            sign("GET", "/test.txt", [], [("range", "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
        #expect(
            sign(
                "PUT", "/test$file.text", [],
                [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
                payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")
                == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
        #expect(
            sign("GET", "/", [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")
        #expect(
            sign("GET", "/", [("prefix", "J"), ("max-keys", "2")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
    }
}
