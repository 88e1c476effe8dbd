package dev.detent.testkit;

/**
 * Outcome of one contract on one subject.
 *
 * @param contract e.g. {@code RulesContract}
 * @param detail what was checked, or what broke
 */
public record ContractViolation(String contract, boolean passed, String detail) {

    static ContractViolation passed(String contract, String detail) {
        return new ContractViolation(contract, true, detail);
    }

    static ContractViolation failed(String contract, String detail) {
        return new ContractViolation(contract, false, detail);
    }
}
