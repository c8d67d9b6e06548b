import FlotillaMessaging
import Foundation
import Testing

struct TopologyFuzzTests {
    @Test func `no mutation of the file crashes the reader, and every refusal has a line of the file`() throws {
        let original = Array(try Data(contentsOf: TopologyFileTests.file))
        var random = SplitMix(state: 20_240_601)
        var refused = 0
        for _ in 0..<1_500 {
            var bytes = original
            for _ in 0...Int.random(in: 0...4, using: &random) { bytes.mutate(using: &random) }
            let path = FileManager.default.temporaryDirectory.appending(path: "topology-\(UUID().uuidString).yaml")
            try Data(bytes).write(to: path)
            defer { try? FileManager.default.removeItem(at: path) }
            do {
                _ = try TopologyFile.load(from: path.path)
            } catch {
                refused += 1
                let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
                #expect(!error.mistakes.isEmpty)
                #expect(error.mistakes.allSatisfy { (1...lines + 1).contains($0.line) && !$0.message.isEmpty })
                #expect(error.mistakes.map(\.line) == error.mistakes.map(\.line).sorted())
            }
        }
        #expect(refused > 300)
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

extension [UInt8] {
    fileprivate mutating func mutate(using random: inout SplitMix) {
        guard count > 2 else { return append(UInt8.random(in: 0...255, using: &random)) }
        let place = Int.random(in: 0..<count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: self[place] = UInt8.random(in: 0...255, using: &random)
        case 1: removeSubrange(place..<Swift.min(count, place + Int.random(in: 1...40, using: &random)))
        case 2:
            insert(contentsOf: Array("{}[]:,&*!|>'\"%@`#-?\t\n ".utf8).shuffled(using: &random).prefix(3), at: place)
        case 3:
            insert(
                contentsOf: self[place..<Swift.min(count, place + 200)],
                at: Int.random(in: 0..<count, using: &random)
            )
        case 4: removeLast(count - place)
        default:
            insert(
                contentsOf: [UInt8](repeating: self[place], count: Int.random(in: 1...50, using: &random)),
                at: place
            )
        }
    }
}
