from crossmargin.api.binance.order_entry import client_id
from crossmargin.api.binance.params import CLIENT_ID, Params

NAME = "newClientOrderId"
AT_MS = 1_760_126_400_000  # 2025-10-10T20:00


def test_ids_that_are_made_up_differ_and_are_in_the_order_of_time():
    times = [AT_MS + n // 2 for n in range(200)]

    made = [client_id(Params({}), NAME, at_ms) for at_ms in times]

    assert len(times) == len({*made})
    assert sorted(made[::2]) == made[::2]
    assert all(CLIENT_ID.fullmatch(one) for one in made)


def test_an_id_of_the_clients_own_stays_as_it_is():
    assert "mine-1" == client_id(Params({NAME: "mine-1"}), NAME, AT_MS)
