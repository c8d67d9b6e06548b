import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry
import Synchronization

/// Messages that are not to run together with all others: those that have been slow, and those that ran when a process died.
extension QueueRunner {
    /// Runs those messages of a batch that have been slow after the others: alone, or in smaller batches.
    func runSlowAlone(
        _ messages: [InboundMessage],
        in slot: ExecutionSlot,
        _ generation: Int
    ) async -> Bool {
        var others: [InboundMessage] = []
        var groups: [(limit: Int, messages: [InboundMessage])] = []
        for message in messages {
            guard let limit = settling.slow.largestBatch(of: message.identity) else {
                others.append(message)
                continue
            }
            if let last = groups.last, last.limit == limit, last.messages.count < limit {
                groups[groups.count - 1].messages.append(message)
            } else {
                groups.append((limit, [message]))
            }
        }
        slot.keep(groups.flatMap(\.messages), generation)
        var goesOn = await run(others, in: slot, generation)
        for (index, group) in groups.enumerated() {
            guard goesOn, runtime.breakers.firstOpen(of: handler.dependencies) == nil else { break }
            slot.keep(groups[(index + 1)...].flatMap(\.messages), generation)
            goesOn = await run(group.messages, in: slot, generation)
        }
        putBack(slot.takeKept(generation))
        return goesOn
    }

    /// Poison messages are dead-lettered; suspects run alone, in groups no larger than their suspicion allows.
    func runWithSuspects(
        _ messages: [InboundMessage],
        in slot: ExecutionSlot,
        _ generation: Int
    ) async -> Bool {
        var groups: [(size: Int, messages: [InboundMessage])] = []
        var clear: [InboundMessage] = []
        for message in messages {
            guard let suspicion = runtime.suspects.suspicion(of: message.identity) else {
                clear.append(message)
                continue
            }
            let size = handler.isBatch ? suspicion.largestBatch : 1
            if suspicion.isPoison {
                await deadLetterPoison(message)
            } else if let last = groups.last, last.messages.count < min(last.size, size) {
                groups[groups.count - 1].messages.append(message)
                groups[groups.count - 1].size = min(last.size, size)
            } else {
                groups.append((size, [message]))
            }
        }
        // What a batch keeps for later comes after these.
        let later = slot.takeKept(generation)
        slot.keep(groups.flatMap(\.messages) + later, generation)
        var goesOn = await runTogether(clear, in: slot, generation)
        for (index, group) in groups.enumerated() where goesOn {
            slot.keep(groups[(index + 1)...].flatMap(\.messages) + later, generation)
            goesOn = await runAlone(group.messages, in: slot, generation)
        }
        // In the other case all of it is kept still, or is back in the buffer since the handler was given up.
        if goesOn { slot.keep(later, generation) } else { putBack(slot.takeKept(generation)) }
        return goesOn
    }

    /// Puts back what is to be run again. Its delivery counts on; what was unpacked of it does not.
    func putBack(_ messages: [InboundMessage]) {
        for message in messages { message.releaseUnpacked() }
        buffer.putBack(messages.map(\.delivery))
    }

    private func runAlone(_ messages: [InboundMessage], in slot: ExecutionSlot, _ generation: Int) async -> Bool {
        metrics.suspected.increment(by: messages.count)
        let (journal, places) = (runtime.journal, slot.journalBase..<slot.journalBase + messages.count)
        let isAccompanied = Atomic(false)
        let stepResult = await runtime.gate.isolate(
            onTimeout: {
                isAccompanied.store(true, ordering: .sequentiallyConsistent)
                journal.accompany(places)
            }
        ) { isAlone in
            await execute(messages, in: slot, generation) {
                isAlone && !isAccompanied.load(ordering: .sequentiallyConsistent) ? .alone : .accompanied
            }
        }
        await runtime.suspects.clear(messages.map(\.identity))
        return await finish(stepResult, slot, generation)
    }

    private func deadLetterPoison(_ message: InboundMessage) async {
        let problem = "the worker process crashed while it ran this message alone"
        let failure = Failure(type: Failure.processCrash, message: problem, isPermanent: true)
        let (delivery, attempt) = (message.delivery, message.attempt)
        if await settling.deadLetter(delivery, messageID: message.messageID, failure, failures: attempt) {
            await runtime.suspects.clear([message.identity])
        }
        message.releaseBodies()
    }
}
