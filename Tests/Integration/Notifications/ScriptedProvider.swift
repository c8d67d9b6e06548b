@testable import FlotillaNotifications
import Synchronization

/// A provider that answers as a test says, and remembers what it was given.
final class ScriptedProvider<Content: Sendable>: NotificationProvider {
    let name: String
    private let script: Mutex<@Sendable (Content, Int) async -> ProviderResult>
    private let taken = Mutex<[Content]>([])
    private let isUp = Mutex(true)

    init(_ name: String = "scripted", _ script: @escaping @Sendable (Content, Int) async -> ProviderResult) {
        self.name = name
        self.script = Mutex(script)
    }

    var contents: [Content] { taken.withLock { $0 } }

    func send(_ content: Content) async -> ProviderResult {
        let number = taken.withLock { taken in
            taken.append(content)
            return taken.count
        }
        return await script.withLock { $0 }(content, number)
    }

    func isReachable() async -> Bool { isUp.withLock { $0 } }

    func answer(_ script: @escaping @Sendable (Content, Int) async -> ProviderResult) {
        self.script.withLock { $0 = script }
    }

    func turn(up: Bool) { isUp.withLock { $0 = up } }
}
