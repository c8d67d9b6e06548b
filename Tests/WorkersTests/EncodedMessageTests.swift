import FlotillaMessaging
import FlotillaModels
import FlotillaTestSupport
import WorkerTestKit
@testable import Workers
import Foundation
import Synchronization
import Testing

/// Bodies that are not plain JSON in UTF-8.
@Suite(.timeLimit(.minutes(5)))
struct EncodedMessageTests {
    private func message(_ body: [UInt8], encoding: String?) -> Message {
        var message = Message(body: body)
        message.properties.messageID = UUID().uuidString
        message.properties.contentEncoding = encoding
        return message
    }

    private func packed(_ name: String, _ text: String = Parcels.body(4)) async throws -> [UInt8] {
        let script = """
            import sys, zlib, gzip
            data = sys.argv[2].encode()
            bare = zlib.compressobj(9, zlib.DEFLATED, -15)
            out = {"gzip": lambda: gzip.compress(data), "deflate": lambda: zlib.compress(data),
                   "bare": lambda: bare.compress(data) + bare.flush(), "bomb": lambda: gzip.compress(bytes(20 << 20)),
                   "large": lambda: gzip.compress(b'{"weight": 4, "note": "' + b"x" * 8_000_000 + b'"}'),
                   "utf-16": lambda: sys.argv[2].encode("utf-16")}[sys.argv[1]]()
            sys.stdout.buffer.write(out)
            """
        return try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["python3", "-c", script, name, text]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return Array(data)
        }
    }

    @Test(arguments: [("gzip", "gzip"), ("gzip", "X-GZip"), ("deflate", "deflate"), ("bare", "deflate")])
    func `a packed body is read`(format: String, encoding: String) async throws {
        let fleet = try Parcels.fleet { parcel, context in
            #expect(parcel.weight == 4)
            #expect(context.message.body == Array(Parcels.body(4).utf8))
            #expect(context.message.properties.contentEncoding == nil)
            return .done
        }
        try await fleet.publish(message(packed(format), encoding: encoding), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        #expect(fleet.statements.count == 1)
    }

    @Test func `a packed body counts with its unpacked size while it is in work`() async throws {
        let release = Signal()
        let fleet = try Parcels.fleet { _, _ in
            await release.wait()
            return .done
        }
        let text = #"{"weight": 4, "note": "\#(String(repeating: "x", count: 100_000))"}"#
        let body = try await packed("gzip", text)
        #expect(body.count < 10_000)
        try await fleet.publish(message(body, encoding: "gzip"), to: "parcel.sent")
        try await fleet.start()
        let size = body.count + text.utf8.count
        try await eventually("the unpacked body is counted") { fleet.bodyBudget.held == size }
        release.fire()
        try await fleet.waitUntilSettled()
        try await eventually("nothing is counted") { fleet.bodyBudget.held == 0 }
    }

    @Test(arguments: [nil, "utf-8", "identity"] as [String?])
    func `a byte order mark of UTF-8 is no mistake`(encoding: String?) async throws {
        let fleet = try Parcels.fleet()
        let body = [0xef, 0xbb, 0xbf] + Array(Parcels.body(4).utf8)
        try await fleet.publish(message(body, encoding: encoding), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        #expect(fleet.statements.count == 1)
    }

    @Test func `a packed body over the limit is a dead letter with the bytes that came`() async throws {
        let fleet = try Parcels.fleet()
        let bomb = try await packed("bomb")
        #expect(bomb.count < 100_000)
        try await fleet.publish(message(bomb, encoding: "gzip"), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        let letter = try #require(fleet.deadLetters(of: Parcels.queue).first)
        #expect(letter.errorType == Failure.tooLarge)
        #expect(
            letter.errorMessage.contains("unpacked, the gzip body of \(bomb.count) bytes is over the queue's limit")
        )
        #expect(letter.message.body == bomb)
        #expect(letter.message.properties.contentEncoding == "gzip")
        #expect(letter.attempts == 1)
    }

    @Test(arguments: [
        ("br", "content_encoding br is not understood"), ("utf-16le", "content_encoding utf-16le is not understood"),
        ("gzip", "content_encoding is gzip, found other data"),
        ("deflate", "content_encoding is deflate, found other data"),
    ])
    func `an encoding that is not understood is named`(encoding: String, problem: String) async throws {
        let fleet = try Parcels.fleet()
        try await fleet.publish(message(Array(Parcels.body(4).utf8), encoding: encoding), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        let letter = try #require(fleet.deadLetters(of: Parcels.queue).first)
        #expect(letter.errorType == Failure.invalidPayload)
        #expect(letter.errorMessage.hasPrefix(problem))
        #expect(letter.message.body == Array(Parcels.body(4).utf8))
    }

    @Test func `packed data that is cut off is a dead letter`() async throws {
        let fleet = try Parcels.fleet()
        try await fleet.publish(message(Array(packed("gzip").dropLast(9)), encoding: "gzip"), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        #expect(fleet.deadLetters(of: Parcels.queue).map(\.errorType) == [Failure.invalidPayload])
        #expect(fleet.deadLetters(of: Parcels.queue).first?.errorMessage.contains("the gzip body is cut short") == true)
    }

    @Test func `zeros behind gzip data are no reason to refuse it`() async throws {
        let fleet = try Parcels.fleet()
        let padded = try await packed("gzip") + Array(repeating: 0, count: 512)
        try await fleet.publish(message(padded, encoding: "gzip"), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        #expect(fleet.statements.count == 1)
    }

    @Test func `UTF-16 and data without a word about its format are named`() async throws {
        let fleet = try Parcels.fleet()
        let wide = Parcels.body(4).utf8.flatMap { byte -> [UInt8] in [byte, 0] }
        try await fleet.publish(message(packed("utf-16"), encoding: nil), to: "parcel.sent")
        try await fleet.publish(message(wide, encoding: nil), to: "parcel.sent")
        try await fleet.publish(message(packed("gzip"), encoding: nil), to: "parcel.sent")
        try await fleet.publish(message([0x80, 4, 0x95, 1], encoding: nil), to: "parcel.sent")
        try await fleet.waitUntilSettled()
        #expect(
            fleet.deadLetters(of: Parcels.queue).map(\.errorMessage).sorted() == [
                "expected JSON in UTF-8, found UTF-16", "expected JSON in UTF-8, found UTF-16",
                "expected JSON in UTF-8, found a Python pickle",
                "expected JSON in UTF-8, found gzip data, and no content encoding that says so",
            ]
        )
    }

    @Test func `packed bodies are unpacked only as far as there is room, whatever they are packed to`() async throws {
        let release = Signal()
        let running = Atomic(0)
        let topology = Topology(queues: [
            QueueDefinition(
                name: Parcels.queue,
                worker: ParcelWorker.name,
                bindings: [QueueBinding(exchange: "fleet.topic", key: "parcel.sent")],
                concurrency: 16
            )
        ])
        let fleet = try TestFleet(topology: topology)
        try fleet.register(
            ParcelWorker(before: { _, _ in
                running.add(1, ordering: .relaxed)
                await release.wait()
                return .done
            })
        )
        // Half a budget of 64 MiB has room for four bodies of the queue's 8 MiB, each of which came as some 8 KB.
        let body = try await packed("large")
        #expect(body.count < 20_000)
        for _ in 0..<12 { try await fleet.publish(message(body, encoding: "gzip"), to: "parcel.sent") }
        try await fleet.start()
        try await eventually("there is no more room") { running.load(ordering: .relaxed) == 4 }
        try await Task.sleep(for: .milliseconds(300))
        #expect(running.load(ordering: .relaxed) == 4)
        release.fire()
        try await fleet.waitUntilSettled(within: .seconds(60))
        #expect(running.load(ordering: .relaxed) == 12)
    }
}
