import FlotillaMessaging
import Testing

@Suite(.timeLimit(.minutes(5)))
struct UnpackingRoomTests {
    @Test func `one is let in whatever its size, and the next when it fits`() async throws {
        let room = UnpackingRoom(10)
        let large = try #require(room.take(upTo: 100))
        #expect(room.take(upTo: 1) == nil)
        large.shrink(to: 6)
        let small = try #require(room.take(upTo: 4))
        #expect(room.reserved == 10)
        large.release()
        large.release()
        small.release()
        #expect(room.reserved == 0)
    }

    @Test func `a place that nobody holds any more is free again`() throws {
        let room = UnpackingRoom(10)
        do {
            let place = try #require(room.take(upTo: 10))
            place.shrink(to: 9)
        }
        #expect(room.reserved == 0)
    }

    @Test func `many at once never take more than there is, and all come to their turn`() async throws {
        let room = UnpackingRoom(100)
        let most = await withTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let place = await room.wait(upTo: 40)
                    let reserved = room.reserved
                    place.shrink(to: number % 40 + 1)
                    await Task.yield()
                    place.release()
                    return reserved
                }
            }
            return await group.reduce(0, max)
        }
        #expect(most <= 100)
        #expect(room.reserved == 0)
    }
}
