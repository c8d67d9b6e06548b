@testable import Workers
import Testing

struct SoloGateTests {
    @Test func `a suspect starts alone once what ran has ended, and others wait until it has ended`() async {
        let gate = SoloGate(patience: .seconds(60))
        let (log, note) = AsyncStream<String>.makeStream()
        await gate.enter()
        let solo = Task {
            await gate.solo(onCompany: { note.yield("company") }) { isAlone in
                note.yield(isAlone ? "alone" : "accompanied")
                let other = Task { await enter(gate) { note.yield("other") } }
                note.yield("suspect ends")
                return other
            }
        }
        note.yield("neighbour ends")
        gate.leave()
        await solo.value.value
        note.finish()
        var seen: [String] = []
        for await line in log { seen.append(line) }
        #expect(seen == ["neighbour ends", "alone", "suspect ends", "other"])
    }

    @Test func `a suspect that takes long gets company`() async {
        let gate = SoloGate(patience: .milliseconds(1))
        let company = Signal()
        await gate.solo(onCompany: { company.fire() }) { _ in
            await company.wait()
            await enter(gate) {}
        }
        await enter(gate) {}
    }

    @Test func `a suspect does not wait for ever for what runs`() async {
        let gate = SoloGate(patience: .milliseconds(1))
        await gate.enter()
        let isAlone = await gate.solo(onCompany: {}) { $0 }
        #expect(!isAlone)
        gate.leave()
    }

    @Test(.timeLimit(.minutes(1))) func `a suspect that never ends keeps no other waiting, who is not alone then`()
        async
    {
        let gate = SoloGate(patience: .milliseconds(1))
        let (company, release) = (Signal(), Signal())
        let stuck = Task { await gate.solo(onCompany: { company.fire() }) { _ in await release.wait() } }
        await company.wait()
        let isAlone = await gate.solo(onCompany: {}) { $0 }
        #expect(!isAlone)
        release.fire()
        await stuck.value
    }
}

private func enter(_ gate: SoloGate, _ body: () -> Void) async {
    await gate.enter()
    body()
    gate.leave()
}
