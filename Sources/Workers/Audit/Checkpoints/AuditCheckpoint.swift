import FlotillaPlatform

/// The heads of all lanes at one moment, to be signed: what came before can't be changed afterwards without its telling.
///
/// Its statement is text, which the signature covers byte by byte; docs/audit-chain.md describes it.
package struct AuditCheckpoint: Sendable, Hashable {
    package struct Lane: Sendable, Hashable {
        package var lane: Int64
        /// The last row that is no longer there, since whole months were detached; 0 and zeros when all are there.
        package var baseSequence: Int64
        package var baseHash: [UInt8]
        package var sequence: Int64
        package var hash: [UInt8]
    }

    /// Names the database's chain.
    package var chain: String
    /// Counts from 1 within the chain, without gaps.
    package var number: Int64
    /// Microseconds since 1970.
    package var madeAt: Int64
    /// SHA-256 of the statement before; zeros for the first.
    package var previous: [UInt8]
    package var lanes: [Lane]

    private static let title = "flotilla audit checkpoint 1"

    /// What is signed.
    package var statement: String {
        var lines = [
            Self.title, "chain \(chain)", "number \(number)", "made \(madeAt)", "previous \(previous.hexadecimal)",
        ]
        lines += lanes.map { lane in
            "lane \(lane.lane) base \(lane.baseSequence) \(lane.baseHash.hexadecimal) head \(lane.sequence) "
                + lane.hash.hexadecimal
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// How many rows the lanes held.
    package var rows: Int64 { lanes.reduce(0) { $0 + $1.sequence - $1.baseSequence } }

    package init(chain: String, number: Int64, madeAt: Int64, previous: [UInt8], lanes: [Lane]) {
        (self.chain, self.number, self.madeAt) = (chain, number, madeAt)
        (self.previous, self.lanes) = (previous, lanes)
    }

    /// - Returns: `nil` for anything but a statement, letter for letter.
    package init?(statement: String) {
        var lines = statement.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
        guard lines.popFirst() == Self.title, lines.popLast()?.isEmpty == true else { return nil }
        func value(_ name: String) -> String? {
            guard let line = lines.popFirst(), line.hasPrefix(name + " ") else { return nil }
            return String(line.dropFirst(name.count + 1))
        }
        guard let chain = value("chain"), let number = value("number").flatMap({ Int64($0) }),
            let madeAt = value("made").flatMap({ Int64($0) }),
            let previous = value("previous").flatMap([UInt8].init(hexadecimal:))
        else { return nil }
        var lanes: [Lane] = []
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 8, words[0] == "lane", words[2] == "base", words[5] == "head",
                let lane = Int64(words[1]), let base = Int64(words[3]), let sequence = Int64(words[6]),
                let baseHash = [UInt8](hexadecimal: words[4]), let hash = [UInt8](hexadecimal: words[7])
            else { return nil }
            lanes.append(Lane(lane: lane, baseSequence: base, baseHash: baseHash, sequence: sequence, hash: hash))
        }
        self.init(chain: chain, number: number, madeAt: madeAt, previous: previous, lanes: lanes)
        guard self.statement == statement else { return nil }
    }
}

extension [UInt8] {
    /// - Returns: `nil` unless the text is pairs of lower-case hexadecimal digits.
    init?(hexadecimal text: some StringProtocol) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x57
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        guard high == nil else { return nil }
        self = bytes
    }
}
