// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Hold} from "../src/Hold.sol";
import {Test} from "./Test.sol";

contract HoldTest is Test {
    uint256 private constant KEY = 0xB0B;
    address private constant SPENDER = address(0x5e);

    Hold private hold;
    address private holder;

    function setUp() public {
        holder = vm.addr(KEY);
        hold = new Hold(holder, 1_000 ether);
    }

    function test_supply_IsAllThereEverIs() public view {
        assertEq(hold.totalSupply(), 1_000 ether, "supply");
        assertEq(hold.balanceOf(holder), 1_000 ether, "holder");
    }

    function test_delegate_GivesVotesThatFollowTheTokens() public {
        vm.roll(5);
        vm.prank(holder);
        hold.delegate(holder);
        vm.roll(6);
        vm.prank(holder);
        assertTrue(hold.transfer(SPENDER, 400 ether), "transfer");
        vm.roll(7);
        assertEq(hold.getPastVotes(holder, 5), 1_000 ether, "votes then");
        assertEq(hold.getVotes(holder), 600 ether, "votes now");
    }

    function testFuzz_permit_AllowsWhatWasSigned(uint256 amount) public {
        bytes32 message = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                ),
                holder,
                SPENDER,
                amount,
                hold.nonces(holder),
                block.timestamp
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(KEY, keccak256(abi.encodePacked(hex"1901", hold.DOMAIN_SEPARATOR(), message)));
        hold.permit(holder, SPENDER, amount, block.timestamp, v, r, s);
        assertEq(hold.allowance(holder, SPENDER), amount, "allowance");
    }
}
