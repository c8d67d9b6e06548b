extension Rule where Value == String {
    package static var uuid: Self {
        let pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
        return string(length: 36...36, pattern: pattern) { $0.isUUID }
    }

    package static var correlationID: Self {
        string(length: 1...128, pattern: "^[A-Za-z0-9_.:/+=@-]{1,128}$", isMatch: CorrelationID.isValid)
    }
}

extension String {
    /// Whether it is the usual form of a UUID: 36 hexadecimal digits and hyphens.
    package var isUUID: Bool {
        utf8.count == 36
            && utf8.enumerated().allSatisfy { index, byte in
                [8, 13, 18, 23].contains(index) ? byte == UInt8(ascii: "-") : byte.hexadecimalValue != nil
            }
    }
}
