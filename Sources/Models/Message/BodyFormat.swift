/// What a body seems to be that is not JSON in UTF-8, told by its first bytes.
enum BodyFormat {
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0xff, 0xfe, 0, 0], "UTF-32"), ([0, 0, 0xfe, 0xff], "UTF-32"),
        ([0xff, 0xfe], "UTF-16"), ([0xfe, 0xff], "UTF-16"),
        ([0x1f, 0x8b], "gzip data, and no content encoding that says so"),
        ([0x28, 0xb5, 0x2f, 0xfd], "zstd data"), ([0x42, 0x5a, 0x68], "bzip2 data"),
        ([0xac, 0xed, 0, 5], "a Java object"), ([0x83, 0x68], "an Erlang term"), ([0x83, 0x74], "an Erlang term"),
        ([0x80, 2], "a Python pickle"), ([0x80, 3], "a Python pickle"), ([0x80, 4], "a Python pickle"),
        ([0x80, 5], "a Python pickle"),
    ]

    /// `nil` when nothing is recognised.
    static func name(of bytes: [UInt8]) -> String? {
        if let known = signatures.first(where: { bytes.starts(with: $0.bytes) }) { return known.name }
        guard bytes.count >= 4 else { return nil }
        // Text of a Latin script has every other byte zero.
        let isWide = (bytes[0] == 0) != (bytes[1] == 0) && (bytes[2] == 0) != (bytes[3] == 0)
        return isWide && (bytes[0] == 0) == (bytes[2] == 0) ? "UTF-16" : nil
    }
}
