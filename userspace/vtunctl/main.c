// SPDX-License-Identifier: GPL-2.0-or-later
#include "vtunctl.h"

int main(int argc, char **argv)
{
	return vtunctl_run(argc, argv);
}
