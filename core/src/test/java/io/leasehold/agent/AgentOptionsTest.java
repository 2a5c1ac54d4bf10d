package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentOptionsTest {

    private final Properties properties = new Properties();

    @Test
    void withoutOptionsNothingIsLimited() {
        AgentOptions options = AgentOptions.of(null, properties);
        assertThat(options.budget()).isEmpty();
        assertThat(options.limit()).isEmpty();
        assertThat(options.name()).isEqualTo("netty");
        assertThat(options.log()).isEqualTo(AgentLog.INFO);
        assertThat(options.isOff()).isFalse();
    }

    @Test
    void argumentsWinOverProperties() {
        properties.setProperty("io.leasehold.agent.limit", "64m");
        properties.setProperty("io.leasehold.agent.name", "web");
        AgentOptions options = AgentOptions.of("limit=1G,log=off,off", properties);
        assertThat(options.limit()).hasValue(1L << 30);
        assertThat(options.name()).isEqualTo("web");
        assertThat(options.log()).isEqualTo(AgentLog.OFF);
        assertThat(options.isOff()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "limt=1g | unknown option",
                "limit=1g,limit=2g | option is given twice",
                "limit=1t | option is not a number of bytes: limit=1t",
                "limit= | option is not a number of bytes",
                "limit=-1 | option is not a number of bytes",
                "limit=16777215 | option is too low: limit=16777215, min=16777216",
                "budget=999999999999999g | option is too high",
                "log=loud | option is neither off, info nor debug: log=loud",
                "off=maybe | option is neither true nor false: off=maybe",
                "name=,limit=1g | option is blank",
                "limit=1g, | unknown option",
                ", | unknown option: option=\"\"",
                "limit=18446744073709551616 | option is not a number of bytes",
                "off=,limit=1g | option is neither true nor false: off=",
                "off,off | option is given twice: option=off",
                "LIMIT=1g | unknown option: option=\"LIMIT=1g\"",
            })
    void aValueThatIsNotAllowedIsNamed(String arguments, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentOptions.of(arguments, properties))
                .withMessageContaining(message);
    }

    @Test
    void aPropertyIsOffWithoutAValueToo() {
        properties.setProperty("io.leasehold.agent.off", "");
        assertThat(AgentOptions.of(null, properties).isOff()).isTrue();
    }

    @Test
    void anArgumentWinsOverAPropertyThatIsNotAllowed() {
        properties.setProperty("io.leasehold.agent.limit", "many");
        assertThat(AgentOptions.of("limit=32m", properties).limit()).hasValue(32L << 20);
    }

    @Test
    void anUnknownPropertyIsNamed() {
        properties.setProperty("io.leasehold.agent.limt", "64m");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AgentOptions.of("", properties))
                .withMessageContaining("unknown option: option=io.leasehold.agent.limt");
    }
}
