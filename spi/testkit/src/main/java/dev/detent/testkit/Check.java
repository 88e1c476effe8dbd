package dev.detent.testkit;

/**
 * Outcome of one contract on one subject.
 *
 * @param contract e.g. {@code RulesContract}
 * @param detail what was checked, or what broke
 */
public record Check(String contract, boolean passed, String detail) {

    static Check passed(String contract, String detail) {
        return new Check(contract, true, detail);
    }

    static Check failed(String contract, String detail) {
        return new Check(contract, false, detail);
    }
}
