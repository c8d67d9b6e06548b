import FlotillaOutbound
import FlotillaPlatform
import FlotillaTestSupport
@testable import FlotillaTickets
@testable import Workers
import Foundation
import Testing

/// Tickets in a store with S3's interface: moto's server, which checks signatures and rights.
@Suite(.enabled(if: TestDatabase.isAvailable && StandIn.hasPartners), .serialized)
struct TicketBucketTests {
    private static func bucket(
        _ server: StandIn,
        secret: String? = nil,
        bucket: String = "tickets",
        _ engine: TransferEngine
    ) throws -> TicketBucket {
        TicketBucket(
            url: "http://127.0.0.1:\(server.port)/\(bucket)",
            credentials: .init(
                region: "us-east-1",
                service: "s3",
                keyID: try #require(server.text("key-id")),
                secret: Secret(try secret ?? #require(server.text("secret")))
            ),
            HTTPClient(engine)
        )
    }

    @Test(.timeLimit(.minutes(10)))
    func `tickets are stored, read back and removed; a wrong key, a wrong bucket and a dead store are outages`()
        async throws
    {
        let server = try await StandIn("s3-server.py")
        let engine = TransferEngine()
        let store = try Self.bucket(server, engine)
        try await TicketFixture.with(store: { _ in store }) { fixture async throws in
            let body = TicketFixture.job(tickets: (1...20).map { TicketFixture.ticket($0) })
            #expect(await fixture.handle(body).isDone)
            for ticket in try await fixture.tickets() {
                let file = try #require(try await store.get(ticket.path))
                #expect(SHA256.digest(file) == ticket.fileHash)
            }
            let path = try #require(try await fixture.tickets().first?.path)
            try await store.remove(path)
            #expect(try await store.get(path) == nil)
            try await store.remove(path)
        }
        #expect(await store.isReachable())
        for wrong in [
            try Self.bucket(server, secret: "wrong", engine), try Self.bucket(server, bucket: "none", engine),
        ] {
            #expect(await wrong.isReachable() == false)
            let error = await #expect(throws: DependencyOutage.self) { try await wrong.put([1], at: "a.pdf") }
            #expect(error?.dependency == .ticketFiles)
        }
        try await server.stop()
        #expect(await store.isReachable() == false)
        try await TicketFixture.with(store: { _ in store }) { fixture async throws in
            let result = await fixture.handle(TicketFixture.job())
            guard case .failure(let error) = result else { throw TestSetupError(description: "it went through") }
            #expect((error as? DependencyOutage)?.dependency == .ticketFiles)
            #expect(try await fixture.tickets().isEmpty)
        }
        await engine.close()
    }
}
