@testable import FlotillaMessaging
import FlotillaModels
import Synchronization
import Testing

struct BodyBudgetTests {
    private func delivery(_ bytes: Int, _ account: BodyBudget.Account) -> Delivery {
        Delivery(
            message: Message(body: [UInt8](repeating: 0, count: bytes)),
            queue: "q.e",
            exchange: "",
            routingKey: "",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1),
            account: account
        )
    }

    @Test func `bodies count as long as their deliveries are in memory`() {
        let budget = BodyBudget(1_000)
        let account = BodyBudget.Account(budget)
        var held = [delivery(600, account), delivery(400, account)]
        #expect(budget.held == 1_000)
        #expect(account.isFull)
        held.removeLast()
        #expect(budget.held == 600)
        #expect(!account.isFull)
    }

    @Test func `a settled delivery counts no longer, whoever holds it, and never twice`() {
        let budget = BodyBudget(1_000)
        let account = BodyBudget.Account(budget)
        var held = [delivery(600, account)]
        var unpacked = held[0].charge(5_000)
        #expect(budget.held == 5_600)
        held[0].releaseBody()
        held[0].releaseBody()
        #expect(budget.held == 5_000)
        held = []
        #expect(budget.held == 5_000)
        unpacked?.release()
        #expect(budget.held == 0)
        unpacked = nil
        #expect(budget.held == 0)
    }

    @Test func `a budget of nothing lets one message in at a time`() {
        let account = BodyBudget.Account(BodyBudget(0))
        #expect(!account.isFull)
        let first = delivery(600, account)
        #expect(account.isFull)
        first.releaseBody()
        #expect(!account.isFull)
    }

    @Test func `a connection below its share goes on while another has used up the budget`() {
        let budget = BodyBudget(1_000)
        let (large, small) = (BodyBudget.Account(budget), BodyBudget.Account(budget))
        let first = delivery(1_200, large)
        #expect(large.isFull)
        #expect(!small.isFull)
        let second = [delivery(150, small), delivery(150, small)]
        #expect(small.isFull)
        withExtendedLifetime((first, second)) {}
    }

    @Test func `whoever waits is told once there is room`() {
        let budget = BodyBudget(1_000)
        let account = BodyBudget.Account(budget)
        let told = Atomic(0)
        var held = [delivery(700, account), delivery(700, account)]
        account.whenRoom { told.add(1, ordering: .relaxed) }
        #expect(told.load(ordering: .relaxed) == 0)
        held.removeLast()
        #expect(told.load(ordering: .relaxed) == 1)
        held.removeLast()
        #expect(told.load(ordering: .relaxed) == 1)
        account.whenRoom { told.add(1, ordering: .relaxed) }
        #expect(told.load(ordering: .relaxed) == 2)
    }
}
