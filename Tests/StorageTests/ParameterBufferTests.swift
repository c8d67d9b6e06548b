@testable import FlotillaStorage
import Testing

struct ParameterBufferTests {
    private func bytes(_ value: SQLValue) throws -> [UInt8]? {
        var buffer = ParameterBuffer()
        try buffer.encode([.int(7), value])
        return buffer.bytes(of: 1)
    }

    @Test func `scalars are big-endian, and times count from the year 2000`() throws {
        #expect(try bytes(.int(-2)) == [255, 255, 255, 255, 255, 255, 255, 254])
        #expect(try bytes(.double(1)) == [0x3f, 0xf0, 0, 0, 0, 0, 0, 0])
        #expect(try bytes(.timestamp(946_684_800_000_001)) == [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(try bytes(.bool(true)) == [1])
        #expect(try bytes(.text("é")) == [0xc3, 0xa9])
        #expect(try bytes(.bytes([])) == [])
        #expect(try bytes(.null) == nil)
    }

    @Test func `times beyond every date are infinity, and do not come around from the other end`() throws {
        for time in [Int64.min, .min + 1, -946_684_800_000_000, 0, .max] {
            let binary = PostgresType.binaryTime(time)
            #expect((binary < 0) == (time < 946_684_800_000_000))
            #expect(PostgresType.time(binary: binary) == (time == .min + 1 ? .min : time))
        }
        #expect(PostgresType.time(binary: .max - 1) == .max)
        #expect(PostgresType.time(binaryDays: .max) == .max && PostgresType.time(binaryDays: .min) == .min)
        #expect(PostgresType.time(binaryDays: -10_957) == 0)
    }

    @Test func `jsonb begins with its version`() throws {
        #expect(try bytes(.json("{}")) == [1, 0x7b, 0x7d])
    }

    @Test func `an array carries its dimension, its nulls, its type and each length`() throws {
        let header: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1]
        #expect(try bytes(.textArray(["ab", nil])) == header + [0, 0, 0, 2, 0x61, 0x62, 255, 255, 255, 255])
        #expect(try bytes(.textArray([])) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25])
        #expect(
            try bytes(.timestampArray([946_684_800_000_002]))
                == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 160, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 2]
        )
    }

    @Test func `a buffer that had to grow still holds every parameter`() throws {
        var buffer = ParameterBuffer()
        let large = [UInt8](repeating: 9, count: 6_000_000)
        try buffer.encode([.text("first"), .bytes(large), .text("last")])
        #expect(buffer.bytes(of: 0) == Array("first".utf8))
        #expect(buffer.bytes(of: 1) == large)
        #expect(buffer.bytes(of: 2) == Array("last".utf8))
        try buffer.encode([.int(1)])
        #expect(buffer.bytes(of: 0) == [0, 0, 0, 0, 0, 0, 0, 1])
    }
}
