import FlotillaTestSupport
@testable import Workers
import Foundation
import Testing

struct RunningJournalTests {
    private let path = NSTemporaryDirectory() + "journal-\(UUID().uuidString)"
    private let one = MessageIdentity(high: 11, low: 12)
    private let two = MessageIdentity(high: 21, low: 22)

    /// The journal is dropped without `markClean`, as by a process that dies.
    @Test func `what ran when the journal was dropped is read by the next start`() throws {
        do {
            let journal = try RunningJournal(path: path, capacity: 4)
            #expect(journal.previousRun.running.isEmpty)
            journal.begin(one, at: 0)
            journal.begin(two, at: 3, mode: .alone)
            journal.end(0..<1)
        }
        let next = try RunningJournal(path: path, capacity: 4)
        #expect(next.previousRun.running == [.init(identity: two, mode: .alone, batchSize: 1)])
        #expect(next.previousRun.signal == nil)
    }

    @Test func `a batch notes its size with every message, and a late companion its mode`() throws {
        do {
            let journal = try RunningJournal(path: path, capacity: 4)
            journal.begin(one, at: 1, of: 2, mode: .alone)
            journal.begin(two, at: 2, of: 2, mode: .alone)
            journal.accompany(1..<3)
        }
        let entries = try RunningJournal(path: path, capacity: 4).previousRun.running
        #expect(entries.map(\.batchSize) == [2, 2])
        #expect(entries.map(\.mode) == [.accompanied, .accompanied])
    }

    @Test func `a clean end leaves no suspects`() throws {
        do {
            let journal = try RunningJournal(path: path, capacity: 4)
            journal.begin(one, at: 0)
            journal.markClean()
        }
        #expect(try RunningJournal(path: path, capacity: 4).previousRun.running.isEmpty)
    }

    @Test func `a second process can't use the file`() throws {
        let first = try RunningJournal(path: path, capacity: 1)
        #expect(throws: JournalError.self) { try RunningJournal(path: path, capacity: 1) }
        withExtendedLifetime(first) {}
    }

    @Test(arguments: [0, 10, 63, 64, 100, 4_096])
    func `garbage in the file is read as nothing`(size: Int) throws {
        let garbage = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37) })
        try garbage.write(to: URL(fileURLWithPath: path))
        #expect(try RunningJournal(path: path, capacity: 1).previousRun.running.isEmpty)
    }

    @Test(.enabled(if: SmallDisk.isPossible))
    func `a full disk is told at the start, and what was running is kept`() throws {
        let disk = try SmallDisk(kilobytes: 64)
        defer { disk.remove() }
        let path = disk.folder.path + "/running.journal"
        do {
            let journal = try RunningJournal(path: path, capacity: 4)
            journal.begin(one, at: 0)
        }
        let error = #expect(throws: JournalError.self) { try RunningJournal(path: path, capacity: 12_000) }
        #expect(error?.description.contains(/the disk is full: \d+ KiB are needed/) == true)
        #expect(try RunningJournal(path: path, capacity: 4).previousRun.running.map(\.identity) == [one])
    }
}
