import Synchronization
import Testing

@testable import FlotillaPlatform

struct MasterKeyringTests {
    @Test func `a key that another process has made is found within a second, however many ids are made up`() throws {
        let old = MasterKeys.generate()
        let keys = Mutex(old)
        let readings = Mutex(0)
        let clock = Mutex(ContinuousClock.now)
        let keyring = try MasterKeyring(now: { clock.withLock { $0 } }) {
            readings.withLock { $0 += 1 }
            return try MasterKeys(keys.withLock { $0 })
        }
        func madeUp(_ number: Int) -> String { String(repeating: "0", count: 12) + "\(1_000 + number)" }
        for number in 0..<100 { #expect(keyring.known(madeUp(number)) == nil) }
        #expect(readings.withLock { $0 } == 2)
        let new = MasterKeys.generate()
        keys.withLock { $0 = Secret(new.revealed + "," + old.revealed) }
        let id = try MasterKeys(new).current.id
        #expect(keyring.known(id) == nil)
        clock.withLock { $0 = $0 + .seconds(1) }
        // Whichever id comes first has the keys read.
        #expect(keyring.known(madeUp(200)) == nil)
        #expect(keyring.known(id)?.id == id)
        #expect(readings.withLock { $0 } == 3)
    }
}
