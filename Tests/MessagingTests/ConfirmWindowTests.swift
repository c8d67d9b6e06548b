@testable import FlotillaMessaging
import Testing

struct ConfirmWindowTests {
    private typealias Window = ConfirmWindow<String>

    private func closed(
        _ window: inout Window,
        _ number: UInt64,
        multiple: Bool = false,
        as outcome: Window.Outcome = .confirmed
    ) -> [String: Window.Outcome] {
        var closed: [String: Window.Outcome] = [:]
        window.resolve(number, multiple: multiple, as: outcome) { closed[$0] = $1 }
        return closed
    }

    private func window(_ tickets: String...) -> Window {
        var window = Window(limit: 4)
        for publish in tickets { window.open(publish) }
        return window
    }

    @Test func `numbers count up from one`() {
        var window = Window(limit: 4)
        #expect(window.open("a") == 1)
        #expect(window.open("b") == 2)
        #expect(window.room == 2)
    }

    @Test func `a multiple confirm closes everything up to its number, once`() {
        var window = window("a", "b", "c")
        #expect(closed(&window, 2) == ["b": .confirmed])
        #expect(closed(&window, 3, multiple: true) == ["a": .confirmed, "c": .confirmed])
        #expect(window.room == 4)
        #expect(closed(&window, 3, multiple: true).isEmpty)
    }

    @Test func `confirms out of order close their own publish`() {
        var window = window("a", "b", "c")
        #expect(closed(&window, 3) == ["c": .confirmed])
        #expect(closed(&window, 1) == ["a": .confirmed])
        #expect(window.open("d") == 4)
        #expect(closed(&window, 2) == ["b": .confirmed])
        #expect(closed(&window, 4) == ["d": .confirmed])
    }

    @Test func `a negative confirm is a refusal`() {
        var window = window("a", "b")
        #expect(closed(&window, 2, multiple: true, as: .refused) == ["a": .refused, "b": .refused])
    }

    @Test func `a return before the confirm makes it unroutable, for the oldest publish that matches`() {
        var window = window("x", "y", "x")
        #expect(window.returned(code: 312, reason: "NO_ROUTE") { $0 == "x" })
        var outcomes: [Window.Outcome] = []
        window.resolve(3, multiple: true, as: .confirmed) { outcomes.append($1) }
        #expect(outcomes == [.returned(code: 312, reason: "NO_ROUTE"), .confirmed, .confirmed])
    }

    @Test func `a second return of the same content belongs to the next publish`() {
        var window = window("x", "x")
        window.returned(code: 312, reason: "") { $0 == "x" }
        window.returned(code: 312, reason: "") { $0 == "x" }
        let third = window.returned(code: 312, reason: "") { $0 == "x" }
        #expect(!third)
    }

    @Test func `a number that was never given is ignored`() {
        var window = window("a")
        #expect(closed(&window, 0, multiple: true).isEmpty)
        #expect(closed(&window, 2).isEmpty)
        #expect(window.openCount == 1)
    }

    @Test func `a reset hands back what is open, oldest first, and starts again at one`() {
        var window = window("a", "b", "c")
        _ = closed(&window, 2)
        var lost: [String] = []
        window.reset { lost.append($0) }
        #expect(lost == ["a", "c"])
        #expect(window.open("d") == 1)
        #expect(closed(&window, 1) == ["d": .confirmed])
    }

    @Test func `every publish is closed exactly once, whatever the order of confirms`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var window = ConfirmWindow<Int>(limit: 50)
            var open: Set<UInt64> = []
            var closedTickets: [Int] = []
            var next = 0
            while next < 300 || !open.isEmpty {
                if next < 300, window.room > 0, Bool.random(using: &random) {
                    open.insert(window.open(next))
                    next += 1
                } else if let number = open.randomElement(using: &random) {
                    let multiple = Int.random(in: 0..<4, using: &random) == 0
                    window.resolve(number, multiple: multiple, as: .confirmed) { publish, _ in
                        closedTickets.append(publish)
                    }
                    if multiple { open = open.filter { $0 > number } } else { open.remove(number) }
                }
                #expect(window.openCount == open.count)
            }
            #expect(closedTickets.sorted() == Array(0..<300))
        }
    }
}
