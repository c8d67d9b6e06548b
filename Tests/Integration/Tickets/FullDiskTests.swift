import FlotillaTestSupport
@testable import FlotillaTickets
@testable import Workers
import Foundation
import Testing

/// A disk that is really full: a small file system in memory, which only root can mount.
@Suite(.enabled(if: TestDatabase.isAvailable && SmallDisk.isPossible))
struct FullDiskTests {
    @Test func `a full disk is an outage that leaves whole files only, and the job goes on once there is room`()
        async throws
    {
        let disk = try SmallDisk(kilobytes: 400)
        defer { disk.remove() }
        try await TicketFixture.with(store: { _ in TicketFolder(disk.folder.path) }) { fixture async throws in
            let body = TicketFixture.job(tickets: (1...40).map { TicketFixture.ticket($0) })
            let result = await fixture.handle(body)
            guard case .failure(let error) = result else { throw TestSetupError(description: "it went through") }
            #expect((error as? DependencyOutage)?.dependency == .ticketFiles)
            #expect(try await fixture.tickets().isEmpty)
            let files = disk.files()
            #expect(!files.isEmpty)
            for file in files {
                #expect(file.hasSuffix(".pdf"), "\(file) is left")
                let bytes = try Data(contentsOf: disk.folder.appending(path: file))
                #expect(bytes.suffix(6) == Data("%%EOF\n".utf8), "\(file) is cut off")
            }
            #expect(await fixture.store.isReachable() == false)

            try disk.grow(toKilobytes: 8_000)
            #expect(await fixture.store.isReachable())
            #expect(await fixture.handle(body).isDone)
            #expect(try await fixture.tickets().count == 40)
            #expect(disk.files().count == 40)
        }
    }
}
