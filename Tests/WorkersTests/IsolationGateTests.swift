@testable import Workers
import Testing

struct IsolationGateTests {
    @Test func `a suspect starts alone once what ran has ended, and others wait until it has ended`() async {
        let gate = IsolationGate(timeout: .seconds(60))
        let (log, note) = AsyncStream<String>.makeStream()
        await gate.enter()
        let isolated = Task {
            await gate.isolate(onTimeout: { note.yield("company") }) { isAlone in
                note.yield(isAlone ? "alone" : "accompanied")
                let other = Task { await enter(gate) { note.yield("other") } }
                note.yield("suspect ends")
                return other
            }
        }
        note.yield("neighbour ends")
        gate.leave()
        await isolated.value.value
        note.finish()
        var seen: [String] = []
        for await line in log { seen.append(line) }
        #expect(seen == ["neighbour ends", "alone", "suspect ends", "other"])
    }

    @Test func `a suspect that takes long gets company`() async {
        let gate = IsolationGate(timeout: .milliseconds(1))
        let timer = Signal()
        await gate.isolate(onTimeout: { timer.fire() }) { _ in
            await timer.wait()
            await enter(gate) {}
        }
        await enter(gate) {}
    }

    @Test func `a suspect does not wait for ever for what runs`() async {
        let gate = IsolationGate(timeout: .milliseconds(1))
        await gate.enter()
        let isAlone = await gate.isolate(onTimeout: {}) { $0 }
        #expect(!isAlone)
        gate.leave()
    }

    @Test(.timeLimit(.minutes(5))) func `a suspect that never ends keeps no other waiting, who is not alone then`()
        async
    {
        let gate = IsolationGate(timeout: .milliseconds(1))
        let (timer, release) = (Signal(), Signal())
        let stuck = Task { await gate.isolate(onTimeout: { timer.fire() }) { _ in await release.wait() } }
        await timer.wait()
        let isAlone = await gate.isolate(onTimeout: {}) { $0 }
        #expect(!isAlone)
        release.fire()
        await stuck.value
    }
}

private func enter(_ gate: IsolationGate, _ body: () -> Void) async {
    await gate.enter()
    body()
    gate.leave()
}
