@testable import FlotillaQuota
import FlotillaTestSupport
import Foundation
import Testing

struct PlanFileTests {
    @Test func `the fleet's own file is right`() throws {
        let path = Repository.file("plans.yaml")
        let plans = try PlanFile.load(from: path.standardizedFileURL.path)
        #expect(plans.map(\.code) == ["freemium", "pro", "enterprise"])
        #expect(plans[0].limits == [.profileViews: 100, .searches: 500])
        #expect(plans[1].limits == [.profileViews: 1_000, .searches: 10_000])
        #expect(plans[2].limits.isEmpty)
    }

    @Test func `a plan is read with its months and its tokens`() throws {
        let plans = try PlanFile.decode(
            """
            version: 1
            plans:
              freemium: { limits: { profile_views: 0, searches: 1 } }
              gold: { name: Gold, months: 12, tokens: 50, limits: { profile_views: unlimited, searches: 10 } }
            """
        )
        #expect(plans[0] == Plan(code: "freemium", name: "freemium", limits: [.profileViews: 0, .searches: 1]))
        #expect(plans[1] == Plan(code: "gold", name: "Gold", months: 12, limits: [.searches: 10], tokens: 50))
    }

    @Test func `every mistake is told, each with its line`() {
        let text = """
            version: 2
            plans:
              Gold:
                limits: { profile_views: 1, searches: 1 }
              pro:
                mouths: 3
                months: 0
                limits:
                  profile_views: lots
                  serches: 5
              pro:
                limits: { profile_views: 1, searches: 1 }
              free:
                tokens: -1
            """
        let error = #expect(throws: PlanMistakes.self) { try PlanFile.decode(text) }
        #expect(
            error?.description.split(separator: "\n").map(String.init) == [
                "plans.yaml:1: version: 2 is not supported; this program reads version 1",
                "plans.yaml:3: plans: 'freemium' is missing, which companies without a plan have",
                "plans.yaml:3: plans.Gold: a plan is named by 1 to 100 lower-case letters, digits, '-' and '_'",
                "plans.yaml:6: plans.pro.mouths: unknown key; did you mean 'months'?",
                "plans.yaml:7: plans.pro.months: 0 is out of range, 1 to 120",
                "plans.yaml:9: plans.pro.limits.profile_views: expected a whole number or unlimited, found 'lots'",
                "plans.yaml:9: plans.pro.limits: 'searches' is missing",
                "plans.yaml:10: plans.pro.limits.serches: unknown key; did you mean 'searches'?",
                "plans.yaml:11: plans.pro: duplicate plan, first on line 5",
                "plans.yaml:14: plans.free: 'limits' is missing",
                "plans.yaml:14: plans.free.tokens: -1 is out of range, 0 to 1000000000000",
            ]
        )
    }

    @Test(
        arguments: [
            ("", "the file is empty"), ("version: 1", "'plans' is missing"), ("plans: {}", "'version' is missing"),
            ("- 1", "the file: expected a mapping"), ("version: 1\nplans: 3", "plans: expected a mapping, found '3'"),
            ("version: 1\nplans: { freemium: { months: 3, limits: {} } }", "calendar months"),
            ("version: 1\nplans: { freemium: { tokens: 3, limits: {} } }", "no paid periods"),
            ("version: 1\nplans: { freemium: { limits: { searches: 1.5 } } }", "or unlimited, found '1.5'"),
            ("version: 1\nplans: { freemium: { limits: { searches: -1 } } }", "-1 is out of range"),
            ("version: 1\nplans: { freemium: { limits: { searches: } } }", "found nothing"),
            ("version: 1\nplans: { freemium: { name: '', limits: {} } }", "the name of a plan is empty"),
            ("version: 1\nplans: [", "not valid YAML"),
        ]
    )
    func `a mistake is named`(text: String, problem: String) {
        let error = #expect(throws: PlanMistakes.self) { try PlanFile.decode(text) }
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "no error")")
    }

    @Test func `a file that is not there is named with its path`() {
        let error = #expect(throws: PlanMistakes.self) { try PlanFile.load(from: "/nowhere/plans.yaml") }
        #expect(error?.description == "/nowhere/plans.yaml:1: cannot be read: No such file or directory")
    }
}
