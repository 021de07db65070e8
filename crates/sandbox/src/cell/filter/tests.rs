use super::*;

/// Runs a program that compares and returns, over one call's number.
fn answer(program: &BpfProgram, call: u32) -> u32 {
    let mut at = 1;
    for _ in 0..64 {
        let instruction = &program[at];
        at += 1;
        match u32::from(instruction.code) {
            code if code == libc::BPF_RET | libc::BPF_K => return instruction.k,
            code if code == libc::BPF_JMP | libc::BPF_JA => at += instruction.k as usize,
            code => {
                assert_eq!(code, libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K);
                let skip = if call >= instruction.k {
                    instruction.jt
                } else {
                    instruction.jf
                };
                at += usize::from(skip);
            }
        }
    }
    panic!("too many steps for {call}");
}

#[test]
fn each_call_gets_its_verdict_and_what_is_not_listed_is_absent() {
    let allow = libc::SECCOMP_RET_ALLOW;
    let listed = |calls: &[u32]| calls.iter().map(|call| (*call, allow)).collect();
    let mut mixed: Verdicts = listed(&[3, 4, 7]);
    mixed.insert(5, 77);
    for verdicts in [
        Verdicts::new(),
        listed(&[5]),
        listed(&[0]),
        listed(&[0, 1, 2, 9, 10, 400]),
        mixed,
        super::verdicts(),
    ] {
        let program = by_number(verdicts.clone());
        assert!(program.len() < 600, "{}", program.len());
        for call in (0..600).chain([u32::MAX, 1 << 30, (1 << 30) + 1]) {
            let verdict = verdicts.get(&call).copied().unwrap_or(ABSENT);
            assert_eq!(answer(&program, call), verdict, "{call}");
        }
    }
    for (call, verdict) in [
        (libc::SYS_read, Some(allow)),
        (
            libc::SYS_mount,
            Some(libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned()),
        ),
        (libc::SYS_clone3, None),
        (libc::SYS_openat2, None),
        (libc::SYS_io_uring_setup, None),
    ] {
        let call = u32::try_from(call).unwrap();
        assert_eq!(super::verdicts().get(&call).copied(), verdict, "{call}");
    }
}

#[test]
fn programs_survive_the_way_to_the_launcher() {
    for program in compile().unwrap() {
        assert!((10..4096).contains(&program.len()));
        assert_eq!(decode(&encode(&program)), program);
    }
}
